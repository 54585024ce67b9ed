package ops

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// AttentionOptions are the options of Attention. Heads is required.
type AttentionOptions struct {
	Heads   int     // H
	KVHeads int     // heads of the keys and values, each shared by H/KVHeads query heads; 0 means H
	Causal  bool    // a query sees no later key
	Window  int     // a query at p sees keys j > p−Window (and j < p+Window unless Causal); 0 means all
	Scale   float64 // of the scores; 0 means 1/√D
	Dropout float64 // on the probabilities; needs Operands.Stream
	Key     uint64  // key of the dropout's random numbers, different for each path of a model
}

func (o AttentionOptions) kvHeads() int {
	if o.KVHeads == 0 {
		return o.Heads
	}
	return o.KVHeads
}

// Operands are the nodes that Attention reads. Only Q is always required.
type Operands struct {
	// Q is (B, T, H·D), K and V are (B, S, KVHeads·D). If V is nil, each row of K holds keys, then values, (B, S,
	// 2·KVHeads·D). If K is nil too, each row of Q holds queries, keys and values, (B, T, (H+2·KVHeads)·D).
	Q, K, V *G.Node

	Past    *G.Node // int32 (B): position of the first query among the keys; nil means S−T
	Lengths *G.Node // int32 (B): number of valid keys of each sequence; nil means S
	Bias    *G.Node // added to the scores, (B or 1, H or 1, T, S); nil for none
	Stream  *G.Node // the step's stream of random numbers, for Dropout
}

// Attention is scaled dot-product attention, softmax(Q·Kᵀ·Scale + Bias)·V for each head (Vaswani et al. 2017, section 3.2.1): → (B,
// T, H·D). It stores nothing of size T×S. It computes the probabilities in tiles with a running softmax, and again for the gradient
// (Dao et al. 2022, arXiv 2205.14135). A query that sees no key gives zeros.
func Attention(in Operands, o AttentionOptions) (*G.Node, error) {
	a := attention{AttentionOptions: o, sources: 1}
	nodes := []*G.Node{in.Q}
	for _, n := range []*G.Node{in.K, in.V} {
		if n != nil {
			nodes = append(nodes, n)
			a.sources++
		}
	}
	optional := func(n *G.Node) int {
		if n == nil {
			return -1
		}
		nodes = append(nodes, n)
		return len(nodes) - 1
	}
	a.past, a.lengths, a.bias, a.stream = optional(in.Past), optional(in.Lengths), optional(in.Bias), optional(in.Stream)
	if err := a.check(in); err != nil {
		return nil, errors.WithMessage(err, "ops: Attention")
	}
	return New(Def{
		Name:     "Attention",
		Attrs:    []any{o},
		Shapes:   a.shapes,
		Forward:  Kernel{attentionForward[float32](a), attentionForward[float64](a)},
		Backward: Kernel{attentionBackward[float32](a), attentionBackward[float64](a)},
		FLOPs:    a.flops,
	}, nodes...)
}

// attention is Attention's options and the indices of its operands; -1 means none.
type attention struct {
	AttentionOptions
	sources                     int // number of nodes that hold the queries, keys and values
	past, lengths, bias, stream int
}

func (a attention) check(in Operands) error {
	switch {
	case in.Q == nil || in.K == nil && in.V != nil:
		return errors.New("operands: want Q, Q and K, or Q, K and V")
	case a.Heads <= 0 || a.kvHeads() <= 0 || a.Heads%a.kvHeads() != 0:
		return errors.Errorf("%d heads cannot share %d key-value heads: want a positive multiple", a.Heads, a.kvHeads())
	case !(a.Dropout >= 0 && a.Dropout < 1): // NaN is refused too
		return errors.Errorf("dropout %g is not in 0 ≤ p < 1", a.Dropout)
	case a.Dropout > 0 && in.Stream == nil:
		return errors.New("dropout needs a stream of random numbers")
	case a.Window < 0:
		return errors.Errorf("window %d is negative", a.Window)
	}
	for _, n := range []*G.Node{in.Past, in.Lengths} {
		if n != nil && n.Dtype() != tensor.Int32 {
			return errors.Errorf("positions or lengths of type %v: want int32", n.Dtype())
		}
	}
	if in.Stream != nil {
		return checkStream(in.Stream.Shape(), in.Stream)
	}
	return nil
}

// dims returns the sizes of the problem: batch, queries, keys and width of a head.
func (a attention) dims(in []tensor.Shape) (b, t, s, d int, err error) {
	for _, x := range in[:a.sources] {
		if len(x) != 3 {
			return 0, 0, 0, 0, errors.Errorf("operand %v: want (B, T, channels)", x)
		}
	}
	q, heads, kv := in[0], a.Heads, a.kvHeads()
	if a.sources == 1 {
		heads += 2 * kv
	}
	if q[2]%heads != 0 || q[2] == 0 {
		return 0, 0, 0, 0, errors.Errorf("%d channels do not divide into %d heads", q[2], heads)
	}
	b, t, s, d = q[0], q[1], q[1], q[2]/heads
	if a.sources == 1 {
		return b, t, s, d, nil
	}
	s = in[1][1]
	width := kv * d
	if a.sources == 2 {
		width *= 2
	}
	for _, x := range in[1:a.sources] {
		if x[0] != b || x[1] != s || x[2] != width {
			return 0, 0, 0, 0, errors.Errorf("keys or values %v for queries %v and %d heads: want (%d, %d, %d)", x, q, kv, b, s, width)
		}
	}
	return b, t, s, d, nil
}

// shapes returns the shapes of the result and of the two parts of every query's normalizer.
func (a attention) shapes(in []tensor.Shape) ([]tensor.Shape, error) {
	b, t, s, d, err := a.dims(in)
	if err != nil {
		return nil, err
	}
	for _, i := range []int{a.past, a.lengths} {
		if i >= 0 && (len(in[i]) != 1 || in[i][0] != b) {
			return nil, errors.Errorf("positions or lengths %v: want (%d)", in[i], b)
		}
	}
	if a.bias >= 0 {
		x := in[a.bias]
		if len(x) != 4 || x[0] != 1 && x[0] != b || x[1] != 1 && x[1] != a.Heads || x[2] != t || x[3] != s {
			return nil, errors.Errorf("bias %v: want (%d or 1, %d or 1, %d, %d)", x, b, a.Heads, t, s)
		}
	}
	return []tensor.Shape{{b, t, a.Heads * d}, {b, a.Heads, t}, {b, a.Heads, t}}, nil
}

// flops counts two products of T×S×D per head, and half of them if the mask is causal.
func (a attention) flops(in, _ []tensor.Shape) int {
	b, t, s, d, _ := a.dims(in)
	n := 4 * b * a.Heads * t * s * d
	if a.Causal && t == s {
		n /= 2
	}
	return n
}

// heads returns the queries, keys and values in x, which is the operands, or the results of the backward pass.
func heads[T kernel.Float](a attention, x []Arg[T], d int) (q, k, v kernel.Heads[T]) {
	kv := a.kvHeads()
	at := func(i, channel int) kernel.Heads[T] {
		h := kernel.Heads[T]{Batch: x[i].Shape[1] * x[i].Cols(), Time: x[i].Cols(), Head: d}
		if x[i].F != nil {
			h.Data = x[i].F[channel:]
		}
		return h
	}
	switch a.sources {
	case 1:
		return at(0, 0), at(0, a.Heads*d), at(0, (a.Heads+kv)*d)
	case 2:
		return at(0, 0), at(1, 0), at(1, kv*d)
	}
	return at(0, 0), at(1, 0), at(2, 0)
}

func attentionKernel[T kernel.Float](a attention, c *Call[T]) kernel.Attention[T] {
	k := kernel.Attention[T]{
		B: c.In[0].Shape[0], H: a.Heads, KVHeads: a.kvHeads(), Tq: c.In[0].Shape[1], Tk: c.In[0].Shape[1],
		Scale: a.Scale, Causal: a.Causal, Window: a.Window, Dropout: a.Dropout,
	}
	k.D = c.In[0].Cols() / a.Heads
	if a.sources == 1 {
		k.D = c.In[0].Cols() / (a.Heads + 2*a.kvHeads())
	} else {
		k.Tk = c.In[1].Shape[1]
	}
	k.Q, k.K, k.V = heads(a, c.In, k.D)
	if a.past >= 0 {
		k.Past = c.In[a.past].I
	}
	if a.lengths >= 0 {
		k.Lengths = c.In[a.lengths].I
	}
	if a.bias >= 0 {
		b := c.In[a.bias]
		k.Bias = b.F
		if b.Shape[1] > 1 {
			k.BiasHead = b.Shape[2] * b.Shape[3]
		}
		if b.Shape[0] > 1 {
			k.BiasBatch = b.Shape[1] * b.Shape[2] * b.Shape[3]
		}
	}
	if a.Dropout > 0 {
		k.Seed = seedOf(a.Key, c.In[a.stream].I)
	}
	return k
}

// contiguous returns the layout of the result: (B, T, H·D).
func contiguous[T kernel.Float](x Arg[T], d int) kernel.Heads[T] {
	return kernel.Heads[T]{Data: x.F, Batch: x.Shape[1] * x.Cols(), Time: x.Cols(), Head: d}
}

func attentionForward[T kernel.Float](a attention) func(*Call[T]) error {
	return func(c *Call[T]) error {
		k := attentionKernel(a, c)
		if err := checkPositions(a, c); err != nil {
			return err
		}
		k.Forward(contiguous(c.Out[0], k.D), kernel.Normalizer[T]{Top: c.Out[1].F, Inverse: c.Out[2].F})
		return nil
	}
}

// checkPositions returns an error for lengths and positions outside the keys.
func checkPositions[T kernel.Float](a attention, c *Call[T]) error {
	s := c.In[min(a.sources, 2)-1].Shape[1]
	if a.lengths >= 0 {
		for i, n := range c.In[a.lengths].I {
			if n < 0 || int(n) > s {
				return errors.Errorf("sequence %d: length %d is not in 0…%d", i, n, s)
			}
		}
	}
	if a.past >= 0 {
		for i, p := range c.In[a.past].I {
			if p < 0 {
				return errors.Errorf("sequence %d: position %d is negative", i, p)
			}
		}
	}
	return nil
}

func attentionBackward[T kernel.Float](a attention) func(*Call[T]) error {
	return func(c *Call[T]) error {
		k := attentionKernel(a, c)
		kept := c.In[len(c.In)-4:] // o, top, inverse, do
		g := kernel.AttentionGrads[T]{
			O: contiguous(kept[0], k.D), Normalizer: kernel.Normalizer[T]{Top: kept[1].F, Inverse: kept[2].F}, DO: contiguous(kept[3], k.D),
		}
		g.DQ, g.DK, g.DV = heads(a, c.Out, k.D)
		if a.bias >= 0 {
			g.DBias = c.Out[a.bias].F
		}
		k.Backward(g)
		return nil
	}
}
