package ops_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// attentionCase is a problem of batch b, t queries, s keys and heads of width d. sources is the packing of queries, keys and
// values: 1 for all in one node, 2 for keys and values in one, 3 for three nodes.
type attentionCase struct {
	sources, b, t, s, d int
	o                   ops.AttentionOptions
	past, lengths       []int32
	starts, ends        []int32
	bias                []int // shape of the bias, a parameter
	distances           int   // heads of the bias by distance, a parameter; 0 means none
	alibi               bool  // the bias by distance is a constant
	hidden              bool  // the bias is a constant that hides half of the keys with −Inf
	dropout             bool
}

var attentionTable = []attentionCase{
	{sources: 1, b: 1, t: 1, s: 1, d: 1, o: ops.AttentionOptions{Heads: 1}},
	{sources: 1, b: 1, t: 1, s: 1, d: 3, o: ops.AttentionOptions{Heads: 2, Causal: true}},
	{sources: 1, b: 2, t: 5, s: 5, d: 3, o: ops.AttentionOptions{Heads: 3}},
	{sources: 1, b: 2, t: 5, s: 5, d: 2, o: ops.AttentionOptions{Heads: 3, Causal: true, Scale: 0.3}},
	{sources: 1, b: 1, t: 7, s: 7, d: 3, o: ops.AttentionOptions{Heads: 1, Causal: true, Window: 3}},
	{sources: 1, b: 1, t: 7, s: 7, d: 3, o: ops.AttentionOptions{Heads: 2, Window: 2}},
	{sources: 1, b: 2, t: 5, s: 5, d: 2, o: ops.AttentionOptions{Heads: 4, KVHeads: 2, Causal: true}},
	{sources: 1, b: 1, t: 3, s: 3, d: 3, o: ops.AttentionOptions{Heads: 3, KVHeads: 1}},
	{sources: 2, b: 2, t: 3, s: 5, d: 3, o: ops.AttentionOptions{Heads: 2}},
	{sources: 2, b: 1, t: 1, s: 4, d: 2, o: ops.AttentionOptions{Heads: 2, Causal: true}},
	{sources: 2, b: 2, t: 3, s: 5, d: 2, o: ops.AttentionOptions{Heads: 6, KVHeads: 3, Causal: true}},
	{sources: 3, b: 2, t: 3, s: 5, d: 3, o: ops.AttentionOptions{Heads: 2}},
	{sources: 3, b: 1, t: 5, s: 1, d: 1, o: ops.AttentionOptions{Heads: 1}},
	{sources: 3, b: 2, t: 4, s: 4, d: 2, o: ops.AttentionOptions{Heads: 4, KVHeads: 2}},
	{sources: 3, b: 1, t: 5, s: 3, d: 2, o: ops.AttentionOptions{Heads: 2, Causal: true}}, // the first two queries see no key
	{sources: 3, b: 3, t: 2, s: 5, d: 2, o: ops.AttentionOptions{Heads: 2}, lengths: []int32{5, 2, 0}},
	{sources: 1, b: 3, t: 4, s: 4, d: 2, o: ops.AttentionOptions{Heads: 2, Causal: true}, lengths: []int32{4, 1, 0}},
	{sources: 2, b: 3, t: 2, s: 6, d: 2, o: ops.AttentionOptions{Heads: 2, Causal: true}, past: []int32{0, 3, 4}},
	{sources: 2, b: 2, t: 2, s: 6, d: 2, o: ops.AttentionOptions{Heads: 2, Causal: true, Window: 2}, past: []int32{0, 3}, lengths: []int32{6, 4}},
	{sources: 2, b: 2, t: 2, s: 6, d: 2, o: ops.AttentionOptions{Heads: 2, Window: 2}, past: []int32{1, 9}},
	{sources: 3, b: 2, t: 3, s: 5, d: 2, o: ops.AttentionOptions{Heads: 2}, bias: []int{1, 1, 3, 5}},
	{sources: 3, b: 2, t: 3, s: 5, d: 2, o: ops.AttentionOptions{Heads: 2}, bias: []int{2, 1, 3, 5}},
	{sources: 3, b: 2, t: 3, s: 5, d: 2, o: ops.AttentionOptions{Heads: 2}, bias: []int{1, 2, 3, 5}},
	{sources: 3, b: 2, t: 3, s: 5, d: 2, o: ops.AttentionOptions{Heads: 2}, bias: []int{2, 2, 3, 5}},
	{sources: 1, b: 2, t: 3, s: 3, d: 2, o: ops.AttentionOptions{Heads: 4, KVHeads: 2, Causal: true}, bias: []int{1, 4, 3, 3}, lengths: []int32{3, 1}},
	{sources: 1, b: 1, t: 4, s: 4, d: 2, o: ops.AttentionOptions{Heads: 2}, bias: []int{1, 1, 4, 4}, hidden: true},
	{sources: 1, b: 2, t: 5, s: 5, d: 2, o: ops.AttentionOptions{Heads: 2, Causal: true, Dropout: 0.3, Key: 9}, dropout: true},
	{sources: 3, b: 2, t: 3, s: 5, d: 2, o: ops.AttentionOptions{Heads: 4, KVHeads: 2, Dropout: 0.5, Key: 9}, bias: []int{2, 4, 3, 5}, past: []int32{1, 2}, lengths: []int32{4, 5}, dropout: true},
	{sources: 1, b: 1, t: 70, s: 70, d: 3, o: ops.AttentionOptions{Heads: 2, Causal: true}}, // more than one tile
	{sources: 1, b: 1, t: 1, s: 1, d: 1, o: ops.AttentionOptions{Heads: 1, Softcap: 1}, distances: 1, starts: []int32{0}, ends: []int32{1}},
	{sources: 1, b: 2, t: 5, s: 5, d: 3, o: ops.AttentionOptions{Heads: 3, Causal: true, Softcap: 0.5}},
	{sources: 1, b: 2, t: 4, s: 4, d: 2, o: ops.AttentionOptions{Heads: 4, KVHeads: 2, Causal: true}, distances: 4},
	{sources: 1, b: 2, t: 4, s: 4, d: 2, o: ops.AttentionOptions{Heads: 4, KVHeads: 2, Causal: true}, distances: 4, alibi: true},
	{sources: 3, b: 2, t: 3, s: 5, d: 2, o: ops.AttentionOptions{Heads: 2, Scale: 1}, distances: 1},
	{sources: 2, b: 2, t: 2, s: 6, d: 2, o: ops.AttentionOptions{Heads: 2, Causal: true}, distances: 2, past: []int32{0, 3}},
	{sources: 2, b: 2, t: 4, s: 3, d: 2, o: ops.AttentionOptions{Heads: 2, Window: 2}, distances: 2, lengths: []int32{3, 1}},
	{sources: 1, b: 2, t: 4, s: 4, d: 2, o: ops.AttentionOptions{Heads: 2, Causal: true}, starts: []int32{0, 0, 2, 2, 0, 1, 1, 3}},
	{sources: 1, b: 2, t: 4, s: 4, d: 2, o: ops.AttentionOptions{Heads: 2}, starts: []int32{0, 0, 2, 2, 0, 1, 4, 3}, ends: []int32{2, 2, 4, 4, 1, 3, 4, 2}},
	{sources: 3, b: 2, t: 3, s: 5, d: 2, o: ops.AttentionOptions{Heads: 4, KVHeads: 2, Dropout: 0.5, Key: 9, Softcap: 2, Window: 3}, bias: []int{2, 4, 3, 5},
		distances: 4, lengths: []int32{4, 5}, starts: []int32{0, 1, 2, 0, 0, 3}, ends: []int32{5, 5, 3, 4, 5, 5}, dropout: true},
	{sources: 1, b: 1, t: 131, s: 131, d: 2, o: ops.AttentionOptions{Heads: 2, KVHeads: 1, Causal: true}, starts: documents(131, 30, 70), alibi: true, distances: 2},
	{sources: 2, b: 1, t: 67, s: 131, d: 2, o: ops.AttentionOptions{Heads: 2, KVHeads: 1, Window: 66, Causal: true}},
}

func attentionCases() []opCase {
	cases := make([]opCase, len(attentionTable))
	for i, a := range attentionTable {
		cases[i] = opCase{
			name:     fmt.Sprintf("Attention/%d,%v", i, a.o),
			operands: a.operands(),
			apply:    a.apply,
			want:     a.reference,
		}
	}
	return cases
}

func (a attentionCase) kv() int {
	if a.o.KVHeads == 0 {
		return a.o.Heads
	}
	return a.o.KVHeads
}

// operands returns queries, keys and values, then position, lengths, bias and stream if the case has them.
func (a attentionCase) operands() []operand {
	q, kv := a.o.Heads*a.d, a.kv()*a.d
	in := [][]operand{
		{normal(a.b, a.t, q+2*kv)},
		{normal(a.b, a.t, q), normal(a.b, a.s, 2*kv)},
		{normal(a.b, a.t, q), normal(a.b, a.s, kv), normal(a.b, a.s, kv)},
	}[a.sources-1]
	if a.past != nil {
		in = append(in, ids(a.past, a.b))
	}
	if a.lengths != nil {
		in = append(in, ids(a.lengths, a.b))
	}
	if a.starts != nil {
		in = append(in, ids(a.starts, a.b, a.t))
	}
	if a.ends != nil {
		in = append(in, ids(a.ends, a.b, a.t))
	}
	switch {
	case a.hidden:
		in = append(in, fixed(a.hiding(), a.bias...))
	case a.bias != nil:
		in = append(in, normal(a.bias...))
	}
	switch {
	case a.alibi:
		in = append(in, fixed(a.slopes(), a.distances, a.t+a.s-1))
	case a.distances > 0:
		in = append(in, normal(a.distances, a.t+a.s-1))
	}
	if a.dropout {
		in = append(in, ids([]int32{4, 1}, 2))
	}
	return in
}

// hiding returns a bias that hides every second key, and all keys from the first query.
func (a attentionCase) hiding() []float64 {
	bias := make([]float64, a.t*a.s)
	for i := range bias {
		if i%a.s%2 == 1 || i < a.s {
			bias[i] = math.Inf(-1)
		}
	}
	return bias
}

// slopes returns -|r|/2ʰ for head h and distance r.
func (a attentionCase) slopes() []float64 {
	var bias []float64
	for h := range a.distances {
		for r := 1 - a.s; r < a.t; r++ {
			bias = append(bias, -math.Abs(float64(r))/float64(int(2)<<h))
		}
	}
	return bias
}

// documents returns the first token of the document of each of n tokens. New documents begin at the given tokens.
func documents(n int, begins ...int) []int32 {
	starts := make([]int32, n)
	for _, b := range begins {
		for i := b; i < n; i++ {
			starts[i] = int32(b)
		}
	}
	return starts
}

// unpacked holds operands by their use. Those that the case lacks are nil.
type unpacked[E any] struct {
	qkv                                                 []E
	past, lengths, starts, ends, bias, distance, stream *E
}

// unpack assigns nodes in the order of operands.
func unpack[E any](a attentionCase, x []E) unpacked[E] {
	u := unpacked[E]{qkv: x[:a.sources]}
	x = x[a.sources:]
	next := func(is bool) *E {
		if !is {
			return nil
		}
		e := &x[0]
		x = x[1:]
		return e
	}
	u.past, u.lengths, u.starts, u.ends = next(a.past != nil), next(a.lengths != nil), next(a.starts != nil), next(a.ends != nil)
	u.bias, u.distance, u.stream = next(a.bias != nil), next(a.distances > 0), next(a.dropout)
	return u
}

func (a attentionCase) apply(x []*G.Node) (*G.Node, error) {
	return ops.Attention(a.nodes(x), a.o)
}

// nodes returns the operands of the operation.
func (a attentionCase) nodes(x []*G.Node) ops.Operands {
	u := unpack(a, x)
	qkv := append(slices.Clone(u.qkv), nil, nil)
	node := func(n **G.Node) *G.Node {
		if n == nil {
			return nil
		}
		return *n
	}
	return ops.Operands{
		Q: qkv[0], K: qkv[1], V: qkv[2],
		Past: node(u.past), Lengths: node(u.lengths), Starts: node(u.starts), Ends: node(u.ends),
		Bias: node(u.bias), Distance: node(u.distance), Stream: node(u.stream),
	}
}

// reference stores all scores and follows the documentation of each option.
func (a attentionCase) reference(x []array) array {
	u, p := unpack(a, x), a.probabilities(x)
	y := zeros(a.b, a.t, a.o.Heads*a.d)
	each(p.shape, func(at []int) {
		b, h, i, j := at[0], at[1], at[2], at[3]
		v := p.get(at...)
		if a.dropout {
			v *= keep(a.o.Dropout, a.o.Key, u.stream.i, uint64(p.at(at)))
		}
		for d := range a.d {
			y.f[y.at([]int{b, i, h*a.d + d})] += v * a.keyValue(u.qkv, 1, b, j, h, d)
		}
	})
	return y
}

// probabilities returns the probabilities before dropout, (B, H, T, S).
func (a attentionCase) probabilities(x []array) array {
	u, y := unpack(a, x), zeros(a.b, a.o.Heads, a.t, a.s)
	scale := a.o.Scale
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(a.d))
	}
	each([]int{a.b, a.o.Heads, a.t}, func(at []int) {
		b, h, i := at[0], at[1], at[2]
		scores := make([]float64, a.s)
		for j := range scores {
			scores[j] = math.Inf(-1)
			if !a.sees(b, i, j) {
				continue
			}
			scores[j] = 0
			for d := range a.d {
				scores[j] += scale * a.query(u.qkv, b, i, h, d) * a.keyValue(u.qkv, 0, b, j, h, d)
			}
			if a.o.Softcap > 0 {
				scores[j] = a.o.Softcap * math.Tanh(scores[j]/a.o.Softcap)
			}
			if u.bias != nil {
				scores[j] += u.bias.get(b, h, i, j)
			}
			if u.distance != nil {
				scores[j] += u.distance.get(h, j-a.position(b, i)+a.s-1)
			}
		}
		for j, p := range softmaxRow(scores) {
			y.f[y.at([]int{b, h, i, j})] = p
		}
	})
	return y
}

func (a attentionCase) position(b, i int) int {
	if a.past != nil {
		return int(a.past[b]) + i
	}
	return a.s - a.t + i
}

func (a attentionCase) sees(b, i, j int) bool {
	p := a.position(b, i)
	switch {
	case a.starts != nil && j < int(a.starts[b*a.t+i]), a.ends != nil && j >= int(a.ends[b*a.t+i]),
		a.lengths != nil && j >= int(a.lengths[b]),
		a.o.Causal && j > p,
		a.o.Window > 0 && (j <= p-a.o.Window || j >= p+a.o.Window):
		return false
	}
	return true
}

func (a attentionCase) query(x []array, b, i, h, d int) float64 { return x[0].get(b, i, h*a.d+d) }

// keyValue returns an element of the key (which = 0) or of the value (1) that head h reads.
func (a attentionCase) keyValue(x []array, which, b, j, h, d int) float64 {
	column := h/(a.o.Heads/a.kv())*a.d + d
	switch a.sources {
	case 1:
		return x[0].get(b, j, (a.o.Heads+which*a.kv())*a.d+column)
	case 2:
		return x[1].get(b, j, which*a.kv()*a.d+column)
	}
	return x[1+which].get(b, j, column)
}

// TestAttentionProbabilities compares them with the definition. They are an output of a training program, whose gradients keep
// their bits.
func TestAttentionProbabilities(t *testing.T) {
	for i, a := range attentionTable {
		for dt, tolerance := range map[tensor.Dtype]float64{tensor.Float32: 1e-5, tensor.Float64: 1e-12} {
			params, c := graph.NewParams(dt, 1), attentionCases()[i]
			plain := gradientsOf(c.run(t, params))
			apply := c.apply
			looking := c
			var probabilities *G.Node
			looking.apply = func(x []*G.Node) (*G.Node, error) {
				var err error
				if probabilities, err = ops.AttentionProbabilities(a.nodes(x), a.o); err != nil {
					return nil, err
				}
				return apply(x)
			}
			p, err := graph.Build(params, graph.Train, func(s *graph.Scope) {
				looking.declare(s)
				s.Output("probabilities", probabilities)
			})
			check(t, err)
			check(t, p.Run(nil))
			want := a.probabilities(c.values(params))
			for k, g := range float64s(p.Output("probabilities")) {
				if w := want.f[k]; !(math.Abs(g-w) <= tolerance) {
					t.Fatalf("%s, %v: element %d: got %g, want %g", c.name, dt, k, g, w)
				}
			}
			for name, g := range gradientsOf(p) {
				if !slices.Equal(g, plain[name]) {
					t.Errorf("%s, %v: the gradient of %s changes with the output", c.name, dt, name)
				}
			}
		}
	}
}

// TestAttentionMemory: neither the Program's plan nor the kernels' own memory is of size T×S, forward and backward.
func TestAttentionMemory(t *testing.T) {
	const long = 2048
	for name, in := range map[string]func(s *graph.Scope) ops.Operands{
		"plain": func(*graph.Scope) ops.Operands { return ops.Operands{} },
		"distance": func(s *graph.Scope) ops.Operands {
			return ops.Operands{Distance: s.Param("distance", graph.Normal(1), 1, 2*long-1)}
		},
		"starts": func(s *graph.Scope) ops.Operands {
			return ops.Operands{Starts: s.Constant(graphtest.Ints(documents(long, 100, 1000), 1, long))}
		},
	} {
		t.Run(name, func(t *testing.T) { testAttentionMemory(t, long, in) })
	}
}

func testAttentionMemory(t *testing.T, long int, operands func(s *graph.Scope) ops.Operands) {
	t.Helper()
	square := long * long * 4 // bytes of the scores of one head
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
		in := operands(s)
		in.Q = s.Param("x", graph.Normal(1), 1, long, 3*4)
		s.Minimize(graphtest.Loss(s, s.Try(ops.Attention(in, ops.AttentionOptions{Heads: 1, Causal: true}))))
	})
	check(t, err)
	check(t, p.Run(nil))
	runtime.ReadMemStats(&after)
	if m := p.Memory(); m.Intermediate > square/8 {
		t.Errorf("got %d bytes of intermediate values, want far less than the %d of all scores", m.Intermediate, square)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > uint64(square/2) {
		t.Errorf("got %d bytes allocated in all, want far less than the %d of all scores", got, square)
	}
}

// TestAttentionWork: gradients of queries, keys and values that lie in one node are as much work as those of several nodes.
func TestAttentionWork(t *testing.T) {
	const b, n, heads, d = 2, 6, 2, 4
	widths := [][]int{{3 * heads * d}, {heads * d, 2 * heads * d}, {heads * d, heads * d, heads * d}}
	for _, w := range widths {
		e, err := graph.Estimate(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
			var x [3]*G.Node
			for i, c := range w {
				x[i] = s.Param(string("qkv"[i]), graph.Normal(1), b, n, c)
			}
			y := s.Try(ops.Attention(ops.Operands{Q: x[0], K: x[1], V: x[2]}, ops.AttentionOptions{Heads: heads}))
			s.Minimize(graphtest.Loss(s, y))
		})
		check(t, err)
		product := 2 * b * heads * n * n * d // the loss is much less work
		if f, g := e.Forward/product, e.Backward/product; f != 2 || g != 4 {
			t.Errorf("widths %v: got %d products and %d in the backward pass, want 2 and 4", w, f, g)
		}
	}
}
