package layers

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// relative maps queries and keys to their distances. past, lengths and starts are as in ops.Operands.
type relative struct {
	max, keys             int
	causal                bool
	window                int
	past, lengths, starts *G.Node
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
	for _, n := range []*G.Node{r.past, r.lengths, r.starts} {
		if n != nil {
			in = append(in, n)
		}
	}
	return ops.New(ops.Def{
		Name:  name,
		Attrs: append(attrs, r.max, r.keys, r.causal, r.window, r.past != nil, r.lengths != nil),
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			for i, n := range in[1:] {
				want := in[0][:1] // (B)
				if r.starts != nil && i == len(in)-2 {
					want = tensor.Shape{in[0][0], in[0][2]} // (B, T)
				}
				if !slices.Equal(n, want) {
					return nil, errors.Errorf("positions, lengths or starts %v: want %v", n, want)
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
			ids = ids[1:]
		}
		lo, hi := 0, n
		if r.starts != nil {
			lo = max(lo, int(ids[0].I[b*x[2]+i]))
		}
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
