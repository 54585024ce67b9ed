package ops

import (
	"slices"

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
	Softcap float64 // c: scores s become c·tanh(s/c) before biases and masks (Gemma 2); 0 means none
	Dropout float64 // on the probabilities; needs Operands.Stream
	Key     uint64  // key of the dropout's random numbers, different for each path of a model

	// Cache is the format of K and V, both of Cache; 0 means numbers. There is no gradient then.
	Cache kernel.Quant
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

	// Starts and Ends bound the keys of each query, int32 (B, T): the first key that it sees, and one more than the last. Nil means 0
	// and S. They keep packed documents apart: keys of other documents cost no time and change no bit.
	Starts, Ends *G.Node

	Bias *G.Node // added to the scores, (B or 1, H or 1, T, S); nil for none

	// Distance is a bias that depends only on the distance of a key j from a query at position p, (H or 1, T+S−1): element j−p+S−1 is
	// added to the score. The query i is at p = Past+i, or S−T+i if Past is nil. Without Past, all distances are in the table. With
	// Past, a visible key outside it is an error of the run; with Causal and p < S there is none.
	Distance *G.Node

	Stream *G.Node // the step's stream of random numbers, for Dropout
}

// Attention is scaled dot-product attention, softmax(cap(Q·Kᵀ·Scale) + Bias + Distance)·V for each head: → (B, T, H·D) (Vaswani et
// al. 2017, section 3.2.1). It stores nothing of size T×S. It computes the probabilities in tiles with a running softmax, and again
// for the gradient (Dao et al. 2022, arXiv 2205.14135). A query that sees no key gives zeros.
func Attention(in Operands, o AttentionOptions) (*G.Node, error) {
	a, nodes, err := newAttention(in, o)
	if err != nil {
		return nil, errors.WithMessage(err, "ops: Attention")
	}
	d := Def{
		Name:     "Attention",
		Attrs:    []any{o, a.roles},
		Shapes:   a.shapes,
		Forward:  Kernel{attentionForward[float32](a), attentionForward[float64](a)},
		Backward: Kernel{attentionBackward[float32](a), attentionBackward[float64](a)},
		FLOPs:    a.flops,

		BackwardFLOPs: a.backwardFLOPs,
	}
	if o.Cache != 0 {
		d.Forward.F64, d.Backward = nil, Kernel{}
	}
	return New(d, nodes...)
}

// AttentionProbabilities returns the probabilities that Attention computes from the same operands and options, before dropout: → (B,
// H, T, S). Keys that a query does not see get 0. It serves to look at the attention of a model. It has no gradient.
func AttentionProbabilities(in Operands, o AttentionOptions) (*G.Node, error) {
	return lookAtAttention("AttentionProbabilities", in, o, false)
}

// AttentionScores returns the scores whose softmax gives the probabilities: scaled, capped and with biases: → (B, H, T, S). Keys that a
// query does not see get -Inf. It serves to look at the attention of a model. It has no gradient.
func AttentionScores(in Operands, o AttentionOptions) (*G.Node, error) {
	return lookAtAttention("AttentionScores", in, o, true)
}

func lookAtAttention(name string, in Operands, o AttentionOptions, scores bool) (*G.Node, error) {
	o.Dropout, in.Stream = 0, nil
	a, nodes, err := newAttention(in, o)
	if err == nil && o.Cache != 0 {
		err = errors.Errorf("keys in %v: want numbers", o.Cache)
	}
	if err != nil {
		return nil, errors.WithMessage(err, "ops: "+name)
	}
	return New(Def{
		Name:    name,
		Attrs:   []any{o, a.roles},
		Shapes:  a.probabilityShapes,
		Forward: Kernel{attentionLook[float32](a, scores), attentionLook[float64](a, scores)},
		FLOPs:   func(in, out []tensor.Shape) int { return a.flops(in, out) / 2 },
	}, nodes...)
}

// attention is Attention's options and the indices of its operands; -1 means none.
type attention struct {
	AttentionOptions
	sources                int // number of nodes that hold the queries, keys and values
	past, lengths          int
	starts, ends           int
	bias, distance, stream int
	roles                  Roles
}

// Roles name the operands of an operation with optional ones, in order. Those of an Attention are the fields of Operands, such as Q and
// Lengths. They are its second attribute; the first is its AttentionOptions.
type Roles []string

// newAttention checks the operands and lists them in order.
func newAttention(in Operands, o AttentionOptions) (attention, []*G.Node, error) {
	a := attention{AttentionOptions: o}
	nodes := []*G.Node{in.Q}
	a.roles = Roles{"Q"}
	optional := func(role string, n *G.Node) int {
		if n == nil {
			return -1
		}
		nodes, a.roles = append(nodes, n), append(a.roles, role)
		return len(nodes) - 1
	}
	optional("K", in.K)
	optional("V", in.V)
	a.sources = len(nodes)
	a.past, a.lengths = optional("Past", in.Past), optional("Lengths", in.Lengths)
	a.starts, a.ends = optional("Starts", in.Starts), optional("Ends", in.Ends)
	a.bias, a.distance, a.stream = optional("Bias", in.Bias), optional("Distance", in.Distance), optional("Stream", in.Stream)
	return a, nodes, a.check(in)
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
	case a.Cache != 0 && a.sources < 3:
		return errors.Errorf("caches in %v: want K and V", a.Cache)
	case a.Window < 0:
		return errors.Errorf("window %d is negative", a.Window)
	case a.Softcap != 0 && !(a.Softcap >= 1e-6 && a.Softcap <= 1e6):
		return errors.Errorf("softcap %g: want 0 for none, or a number from 1e-6 to 1e6", a.Softcap)
	}
	for _, n := range []*G.Node{in.Past, in.Lengths, in.Starts, in.Ends} {
		if n != nil && n.Dtype() != tensor.Int32 {
			return errors.Errorf("positions, lengths, starts or ends of type %v: want int32", n.Dtype())
		}
	}
	for _, n := range []*G.Node{in.Bias, in.Distance} {
		if n != nil && n.Dtype() == tensor.Int32 {
			return errors.New("bias of type int32: want floating-point numbers")
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
	if a.Cache != 0 {
		if width, err = CacheWidth(width, a.Cache); err != nil {
			return 0, 0, 0, 0, err
		}
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
	for _, i := range []int{a.starts, a.ends} {
		if i >= 0 && !slices.Equal(in[i], []int{b, t}) {
			return nil, errors.Errorf("starts or ends %v: want (%d, %d)", in[i], b, t)
		}
	}
	if a.bias >= 0 {
		x := in[a.bias]
		if len(x) != 4 || x[0] != 1 && x[0] != b || x[1] != 1 && x[1] != a.Heads || x[2] != t || x[3] != s {
			return nil, errors.Errorf("bias %v: want (%d or 1, %d or 1, %d, %d)", x, b, a.Heads, t, s)
		}
	}
	if a.distance >= 0 {
		x := in[a.distance]
		if len(x) != 2 || x[0] != 1 && x[0] != a.Heads || x[1] != t+s-1 {
			return nil, errors.Errorf("bias by distance %v: want (%d or 1, %d)", x, a.Heads, t+s-1)
		}
	}
	return []tensor.Shape{{b, t, a.Heads * d}, {b, a.Heads, t}, {b, a.Heads, t}}, nil
}

func (a attention) probabilityShapes(in []tensor.Shape) ([]tensor.Shape, error) {
	if _, err := a.shapes(in); err != nil {
		return nil, err
	}
	b, t, s, _, _ := a.dims(in)
	return []tensor.Shape{{b, a.Heads, t, s}}, nil
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

// backwardFLOPs counts a product for each of dq, dk and dv, and one for the gradients of the scores. The scores that Backward computes
// again do not count.
func (a attention) backwardFLOPs(in, grads []tensor.Shape) int {
	wants := func(i int) bool { return i >= 0 && grads[i] != nil }
	last := a.sources - 1
	q, k, v := wants(0), wants(min(1, last)), wants(last)
	products := 0
	for _, wanted := range []bool{q, k, v, q || k || wants(a.bias) || wants(a.distance)} {
		if wanted {
			products++
		}
	}
	return products * a.flops(in, nil) / 2
}
