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
	bias                []int // shape of the bias, a parameter
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
	switch {
	case a.hidden:
		in = append(in, fixed(a.hiding(), a.bias...))
	case a.bias != nil:
		in = append(in, normal(a.bias...))
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

// unpack assigns nodes in the order of operands.
func unpack[E any](a attentionCase, x []E) (qkv []E, past, lengths, bias, stream *E) {
	qkv, x = x[:a.sources], x[a.sources:]
	next := func(is bool) *E {
		if !is {
			return nil
		}
		e := &x[0]
		x = x[1:]
		return e
	}
	past, lengths, bias, stream = next(a.past != nil), next(a.lengths != nil), next(a.bias != nil), next(a.dropout)
	return qkv, past, lengths, bias, stream
}

func (a attentionCase) apply(x []*G.Node) (*G.Node, error) {
	qkv, past, lengths, bias, stream := unpack(a, x)
	qkv = append(slices.Clone(qkv), nil, nil)
	node := func(n **G.Node) *G.Node {
		if n == nil {
			return nil
		}
		return *n
	}
	return ops.Attention(ops.Operands{
		Q: qkv[0], K: qkv[1], V: qkv[2],
		Past: node(past), Lengths: node(lengths), Bias: node(bias), Stream: node(stream),
	}, a.o)
}

// reference stores all scores and follows the documentation of each option.
func (a attentionCase) reference(x []array) array {
	qkv, _, _, bias, stream := unpack(a, x)
	scale := a.o.Scale
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(a.d))
	}
	y := zeros(a.b, a.t, a.o.Heads*a.d)
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
				scores[j] += scale * a.query(qkv, b, i, h, d) * a.keyValue(qkv, 0, b, j, h, d)
			}
			if bias != nil {
				scores[j] += bias.get(b, h, i, j)
			}
		}
		for j, p := range softmaxRow(scores) {
			if a.dropout {
				p *= keep(a.o.Dropout, a.o.Key, stream.i, uint64(((b*a.o.Heads+h)*a.t+i)*a.s+j))
			}
			for d := range a.d {
				y.f[y.at([]int{b, i, h*a.d + d})] += p * a.keyValue(qkv, 1, b, j, h, d)
			}
		}
	})
	return y
}

func (a attentionCase) sees(b, i, j int) bool {
	p := a.s - a.t + i
	if a.past != nil {
		p = int(a.past[b]) + i
	}
	switch {
	case a.lengths != nil && j >= int(a.lengths[b]),
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

// TestAttentionMemory: neither the Program's plan nor the kernels' own memory is of size T×S, forward and backward.
func TestAttentionMemory(t *testing.T) {
	const long, square = 2048, 2048 * 2048 * 4 // bytes of the scores of one head
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
		x := s.Param("x", graph.Normal(1), 1, long, 3*4)
		s.Minimize(graphtest.Loss(s, s.Try(ops.Attention(ops.Operands{Q: x}, ops.AttentionOptions{Heads: 1, Causal: true}))))
	})
	check(t, err)
	check(t, p.Run(nil))
	runtime.ReadMemStats(&after)
	if m := p.Memory(); m.Intermediate > square/8 {
		t.Errorf("got %d bytes of intermediate values, want far less than the %d of all scores", m.Intermediate, square)
	}
	if got := after.TotalAlloc - before.TotalAlloc; got > square/2 {
		t.Errorf("got %d bytes allocated in all, want far less than the %d of all scores", got, square)
	}
}
