package ops

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Cache writes the columns lo ≤ c < lo+C of x into a cache of keys or values and returns the cache. With cache (B, S, C), x (B, T,
// ≥lo+C) and past int32 (B), row t of sequence b goes to row past[b]+t. A graph.Program changes the cache in place and keeps it
// between runs. Cache has no gradient.
//
// At run time it is an error if a sequence does not fit into the S rows.
func Cache(cache, x, past *G.Node, lo int) (*G.Node, error) {
	return New(Def{
		Name:  "Cache",
		Attrs: []any{lo},
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			c, x, p := in[0], in[1], in[2]
			if len(c) != 3 || len(x) != 3 || len(p) != 1 || past.Dtype() != tensor.Int32 || c[0] != x[0] || c[0] != p[0] || lo < 0 || lo+c[2] > x[2] {
				return nil, errors.Errorf("cache %v, rows %v from column %d, past %v of %v: want (B, S, C), (B, T, ≥%d+C), int32 (B)", c, x, lo, p, past.Dtype(), lo)
			}
			return sameShape(in)
		},
		Forward: Kernel{cacheForward[float32](lo), cacheForward[float64](lo)},
		Update:  true,
	}, cache, x, past)
}

func cacheForward[T kernel.Float](lo int) func(*Call[T]) error {
	return func(c *Call[T]) error {
		x, y, past := c.In[1], c.Out[0], c.In[2].I
		rows, cols, steps, width := y.Shape[1], y.Cols(), x.Shape[1], x.Cols()
		for b, p := range past {
			if p < 0 || int(p)+steps > rows {
				return errors.Errorf("sequence %d: positions %d to %d do not fit into a cache of %d", b, p, int(p)+steps-1, rows)
			}
			for t := range steps {
				copy(y.F[(b*rows+int(p)+t)*cols:][:cols], x.F[(b*steps+t)*width+lo:])
			}
		}
		return nil
	}
}
