package ops

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// CacheOptions are the options of Cache.
type CacheOptions struct {
	From   int          // first column of x to keep
	Cols   int          // number of columns to keep; 0 means those of the cache
	Format kernel.Quant // of the rows in the cache; 0 means numbers. See CacheWidth
}

// CacheWidth returns the last axis of a cache for rows of some columns in a format: the number of elements whose memory holds a row. It is
// an error if the format does not pack such rows.
func CacheWidth(cols int, format kernel.Quant) (int, error) {
	switch {
	case format == 0:
		return cols, nil
	case !format.Packs(cols):
		return 0, errors.Errorf("ops: a cache in %v holds rows of a multiple of 32 columns, not of %d: keep it in the parameters' type", format, cols)
	}
	return format.Words(cols), nil
}

// Cache writes the columns From ≤ c < From+Cols of x into a cache of keys or values and returns the cache. With cache (B, S, C), x (B, T,
// ≥From+Cols) and past int32 (B), row t of sequence b goes to row past[b]+t. A graph.Program changes the cache in place and keeps it
// between runs. Cache has no gradient. With a Format, the float32 elements of the cache hold bits: only Attention reads them.
//
// At run time it is an error if a sequence does not fit into the S rows.
func Cache(cache, x, past *G.Node, o CacheOptions) (*G.Node, error) {
	if o.Cols == 0 && cache != nil && cache.Dims() == 3 {
		o.Cols = cache.Shape()[2]
	}
	forward := Kernel{cachePacked(o), cacheForward[float64](o)}
	if o.Format == 0 {
		forward.F32 = cacheForward[float32](o)
	} else {
		forward.F64 = nil
	}
	return New(Def{
		Name:  "Cache",
		Attrs: []any{o},
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			c, x, p := in[0], in[1], in[2]
			if len(c) != 3 || len(x) != 3 || len(p) != 1 || past.Dtype() != tensor.Int32 || c[0] != x[0] || c[0] != p[0] || o.From < 0 || o.Cols < 0 || o.From+o.Cols > x[2] {
				return nil, errors.Errorf("cache %v, %d columns of rows %v from column %d, past %v of %v: want (B, S, C), (B, T, ≥%d+%d), int32 (B)", c, o.Cols, x, o.From, p, past.Dtype(), o.From, o.Cols)
			}
			if width, err := CacheWidth(o.Cols, o.Format); err != nil || width != c[2] {
				return nil, errors.Errorf("cache %v for rows of %d columns in format %d: want rows of CacheWidth", c, o.Cols, o.Format)
			}
			return sameShape(in)
		},
		Forward: forward,
		Update:  true,
		Bits:    o.Format != 0,
	}, cache, x, past)
}

func cacheForward[T kernel.Float](o CacheOptions) func(*Call[T]) error {
	return func(c *Call[T]) error { return keepRows(c, o, func(row, x []T) { copy(row, x) }) }
}

func cachePacked(o CacheOptions) func(*Call[float32]) error {
	return func(c *Call[float32]) error { return keepRows(c, o, o.Format.Keep) }
}

// keepRows calls keep for every row of the cache that a row of x replaces.
func keepRows[T kernel.Float](c *Call[T], o CacheOptions, keep func(row, x []T)) error {
	x, y, past := c.In[1], c.Out[0], c.In[2].I
	rows, cols, steps, width := y.Shape[1], y.Cols(), x.Shape[1], x.Cols()
	for b, p := range past {
		if p < 0 || int(p)+steps > rows {
			return errors.Errorf("sequence %d: positions %d to %d do not fit into a cache of %d", b, p, int(p)+steps-1, rows)
		}
		for t := range steps {
			keep(y.F[(b*rows+int(p)+t)*cols:][:cols], x.F[(b*steps+t)*width+o.From:][:o.Cols])
		}
	}
	return nil
}
