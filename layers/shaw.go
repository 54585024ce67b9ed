package layers

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Shaw adds a learned vector to each key and to each value, which depends on its distance from the query, up to Max in both directions
// (Shaw, Uszkoreit and Vaswani 2018, arXiv 1803.02155). The heads of a layer share the vectors. It computes all scores of a layer at
// once, (B, H, T, S), so memory grows with the square of the length.
//
// Parameters: relative_keys.weight and relative_values.weight (2·Max+1, D). Row Max+r belongs to a key at distance r after the query.
type Shaw struct {
	Max int // longer distances count as Max; 0 means no vectors
}

// shaw declares everything between the projections.
func (l SelfAttention) shaw(s *graph.Scope, in ops.Operands) *G.Node {
	p := l.Positions.Shaw
	switch {
	case p.Max < 0:
		return s.Failf("attention: Shaw's positions: Max is %d, want a positive number, or 0 for none", p.Max)
	case l.Softcap != 0 || in.Distance != nil || in.Starts != nil || in.Ends != nil:
		return s.Failf("attention: Shaw's positions cannot be combined with Softcap, a bias by distance, Starts or Ends")
	case l.Window < 0:
		return s.Failf("attention: window %d is negative", l.Window)
	}
	in = l.unpacked(s, in)
	b, t, kv, d := s.Dims(in.Q, 3)[0], s.Dims(in.Q, 3)[1], l.KVHeads, l.HeadDim
	keys := s.Dims(in.K, 3)[1]
	table := func(name string) *G.Node {
		return s.In(name).Param("weight", graph.Normal(max(l.Std, 0.02)), 2*p.Max+1, d)
	}
	scale := l.Scale
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(d))
	}
	grouped := func(x *G.Node, rows int) *G.Node { return s.Try(ops.Reshape(x, b, kv, rows, -1)) }
	q := s.Try(ops.Scale(l.byHead(s, in.Q), scale)) // (B, H, T, D)
	k, v := l.byHead(s, in.K), l.byHead(s, in.V)    // (B, K, S, D)
	rows := l.Heads / kv * t                        // of the heads that share keys
	e := s.Try(ops.MatMul(grouped(q, rows), k, ops.MatMulOptions{TransB: true}))
	e = s.Try(ops.Reshape(e, b, l.Heads, t, keys))                                        // (B, H, T, S)
	near := s.Try(ops.MatMul(q, table("relative_keys"), ops.MatMulOptions{TransB: true})) // (B, H, T, 2·Max+1)
	r := relative{max: p.Max, keys: keys, causal: l.Causal, window: l.Window, past: in.Past, lengths: in.Lengths}
	e = s.Add(e, s.Try(r.spread(near, true)))
	e = Dropout{l.Dropout}.Forward(s, s.Try(ops.Softmax(e)))
	z := s.Try(ops.MatMul(grouped(e, rows), v, ops.MatMulOptions{})) // (B, K, H/K·T, D)
	z = s.Try(ops.Reshape(z, b, l.Heads, t, d))
	z = s.Add(z, s.Try(ops.MatMul(s.Try(r.collect(e)), table("relative_values"), ops.MatMulOptions{}))) // (B, H, T, D)
	return s.Try(ops.Reshape(s.Try(ops.Transpose(z, 0, 2, 1, 3)), b, t, l.Heads*d))
}

// byHead changes (B, T, heads·D) to (B, heads, T, D).
func (l SelfAttention) byHead(s *graph.Scope, x *G.Node) *G.Node {
	dims := s.Dims(x, 3)
	x = s.Try(ops.Reshape(x, dims[0], dims[1], dims[2]/l.HeadDim, l.HeadDim))
	return s.Try(ops.Transpose(x, 0, 2, 1, 3))
}

// relative maps queries and keys to their distances. past and lengths are as in ops.Operands.
type relative struct {
	max, keys     int
	causal        bool
	window        int
	past, lengths *G.Node
}

// spread gives each query and key the element of their distance: (B, H, T, 2·max+1) → (B, H, T, S). With mask, keys that the query
// does not see get −Inf.
func (r relative) spread(x *G.Node, mask bool) (*G.Node, error) {
	return r.declare("RelativeSpread", x, r.keys, func(d ops.Derivation) (*G.Node, error) { return r.collect(d.D) },
		ops.Kernel{F32: spread[float32](r, mask), F64: spread[float64](r, mask)}, mask)
}

// collect sums the elements of equal distance: (B, H, T, S) → (B, H, T, 2·max+1). It is the gradient of spread.
func (r relative) collect(x *G.Node) (*G.Node, error) {
	return r.declare("RelativeCollect", x, 2*r.max+1, func(d ops.Derivation) (*G.Node, error) { return r.spread(d.D, false) },
		ops.Kernel{F32: collect[float32](r), F64: collect[float64](r)})
}

// declare applies an operation that changes the last axis to cols.
func (r relative) declare(name string, x *G.Node, cols int, grad func(ops.Derivation) (*G.Node, error), forward ops.Kernel, attrs ...any) (*G.Node, error) {
	in := []*G.Node{x}
	for _, n := range []*G.Node{r.past, r.lengths} {
		if n != nil {
			in = append(in, n)
		}
	}
	return ops.New(ops.Def{
		Name:  name,
		Attrs: append(attrs, r.max, r.keys, r.causal, r.window, r.past != nil),
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			for _, n := range in[1:] {
				if !slices.Equal(n, in[0][:1]) {
					return nil, errors.Errorf("positions or lengths %v: want (%d)", n, in[0][0])
				}
			}
			y := in[0].Clone()
			y[3] = cols
			return []tensor.Shape{y}, nil
		},
		Forward: forward,
		Grad: func(d ops.Derivation) ([]*G.Node, error) {
			dx, err := grad(d)
			return append([]*G.Node{dx}, make([]*G.Node, len(d.In)-1)...), err
		},
		FLOPs: func(in, out []tensor.Shape) int { return max(in[0].TotalSize(), out[0].TotalSize()) },
	}, in...)
}

// each calls f for every row of a query: its index, the position of the query among the keys, and the range of the visible keys.
func each[T kernel.Float](r relative, c *ops.Call[T], f func(row, p, lo, hi int)) {
	x := c.In[0].Shape
	for row := range x[0] * x[1] * x[2] {
		b, i := row/(x[1]*x[2]), row%x[2]
		p, n := r.keys-x[2]+i, r.keys
		ids := c.In[1:]
		if r.past != nil {
			p, ids = int(ids[0].I[b])+i, ids[1:]
		}
		if r.lengths != nil {
			n = min(max(int(ids[0].I[b]), 0), n)
		}
		lo, hi := 0, n
		if r.causal {
			hi = min(hi, p+1)
		}
		if r.window > 0 {
			lo, hi = max(lo, p-r.window+1), min(hi, p+r.window)
		}
		f(row, p, lo, max(lo, hi))
	}
}

// at returns the index of the distance of key j from a query at p.
func (r relative) at(j, p int) int { return min(max(j-p, -r.max), r.max) + r.max }

func spread[T kernel.Float](r relative, mask bool) func(*ops.Call[T]) error {
	return func(c *ops.Call[T]) error {
		x, y := c.In[0], c.Out[0]
		each(r, c, func(row, p, lo, hi int) {
			from, to := x.F[row*x.Cols():][:x.Cols()], y.F[row*y.Cols():][:y.Cols()]
			for j := range to {
				switch {
				case !mask || j >= lo && j < hi:
					to[j] = from[r.at(j, p)]
				default:
					to[j] = T(math.Inf(-1))
				}
			}
		})
		return nil
	}
}

func collect[T kernel.Float](r relative) func(*ops.Call[T]) error {
	return func(c *ops.Call[T]) error {
		x, y := c.In[0], c.Out[0]
		each(r, c, func(row, p, _, _ int) {
			from, to := x.F[row*x.Cols():][:x.Cols()], y.F[row*y.Cols():][:y.Cols()]
			clear(to)
			for j, v := range from {
				to[r.at(j, p)] += v
			}
		})
		return nil
	}
}
