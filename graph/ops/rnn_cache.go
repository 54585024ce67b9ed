package ops

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// GRUCache is GRU for decoding. It continues sequences whose earlier states are in a cache, and returns the states of the new steps:
// → (B, T, H). The cache (B, S, H) holds the state after every step, so that a sequence can go on from any of them, as with cached
// keys and values: with past int32 (B), sequence b starts from row past[b]-1, or from zeros if past[b] is 0, and its new states
// go to the rows from past[b] on. A graph.Program changes the cache in place. in has no H, C or Lengths. It has no gradient.
//
// At run time it is an error if a sequence does not fit into the S rows.
func GRUCache(cache, past *G.Node, in Recurrence) (*G.Node, error) {
	return recurCache(kernel.GRU, cache, past, in)
}

// LSTMCache is GRUCache for an LSTM. Each row of the cache (B, S, 2H) holds the state h, then the state c.
func LSTMCache(cache, past *G.Node, in Recurrence) (*G.Node, error) {
	return recurCache(kernel.LSTM, cache, past, in)
}

// cachedStates returns the number of states in a row of the cache.
func cachedStates(cell kernel.Cell) int {
	if cell == kernel.LSTM {
		return 2
	}
	return 1
}

func recurCache(cell kernel.Cell, cache, past *G.Node, in Recurrence) (*G.Node, error) {
	r, nodes, err := newRecurrence(cell, in)
	switch {
	case err != nil:
	case cache == nil || past == nil:
		err = errors.New("operands: want a cache and past")
	case in.H != nil || in.C != nil || in.Lengths != nil:
		err = errors.New("operands H, C and Lengths: want none, because the cache holds the states")
	case past.Dtype() != tensor.Int32:
		err = errors.Errorf("past of type %v: want int32", past.Dtype())
	}
	if err != nil {
		return nil, errors.WithMessagef(err, "ops: %vCache", cell)
	}
	op, err := newOp(Def{
		Name:    cell.String() + "Cache",
		Shapes:  r.cacheShapes,
		Forward: Kernel{recurCacheForward[float32](r), recurCacheForward[float64](r)},
		Scratch: func(in []tensor.Shape) int {
			b, t, h := in[2][0], in[2][1], in[3][1]
			return cachedStates(cell) * (b*t*h + b*h)
		},
		FLOPs:  func(in, _ []tensor.Shape) int { return r.flops(in[2:], nil) },
		Update: true,
	}, append([]*G.Node{cache, past}, nodes...))
	if err != nil {
		return nil, err
	}
	n, err := apply(op, append([]*G.Node{cache, past}, nodes...)...)
	if err != nil {
		return nil, err
	}
	return op.result(n, 1)
}

// cacheShapes returns the shapes of the cache and of the new states. The first operands are the cache and past.
func (r recurrence) cacheShapes(in []tensor.Shape) ([]tensor.Shape, error) {
	out, err := r.shapes(in[2:])
	if err != nil {
		return nil, err
	}
	c, p, b, width := in[0], in[1], in[2][0], cachedStates(r.cell)*in[3][1]
	if len(c) != 3 || c[0] != b || c[2] != width || len(p) != 1 || p[0] != b {
		return nil, errors.Errorf("cache %v and past %v: want (%d, S, %d) and (%d)", c, p, b, width, b)
	}
	return []tensor.Shape{c.Clone(), out[0]}, nil
}

func recurCacheForward[T kernel.Float](r recurrence) func(*Call[T]) error {
	return func(c *Call[T]) error {
		k := recurrent(r, c.In[2].Shape, c.In[3:])
		k.X = c.In[2].F
		n, y := k.B*k.Time*k.H, c.Out[1].F
		rows := cachedRows[T]{c.Out[0].F, c.Out[0].Shape[1], c.Out[0].Cols(), k.H, c.In[1].I}
		if err := rows.check(k.Time); err != nil {
			return err
		}
		states, rest := c.Scratch[:cachedStates(r.cell)*n], c.Scratch[cachedStates(r.cell)*n:]
		s := kernel.RecurrentStates[T]{Y: states[:n]}
		k.H0 = rest[:k.B*k.H]
		rows.read(k.H0, 0)
		if r.cell == kernel.LSTM {
			s.C, k.C0 = states[n:], rest[k.B*k.H:]
			rows.read(k.C0, 1)
		}
		k.Forward(s)
		rows.write(s.Y, 0, k.Time)
		if s.C != nil {
			rows.write(s.C, 1, k.Time)
		}
		if y != nil {
			copy(y, s.Y)
		}
		return nil
	}
}

// cachedRows is a cache (B, rows, cols) of states of h elements.
type cachedRows[T kernel.Float] struct {
	data          []T
	rows, cols, h int
	past          []int32
}

func (c cachedRows[T]) check(steps int) error {
	for b, p := range c.past {
		if p < 0 || int(p)+steps > c.rows {
			return errors.Errorf("sequence %d: positions %d to %d do not fit into a cache of %d", b, p, int(p)+steps-1, c.rows)
		}
	}
	return nil
}

// read copies state i of the row before past of each sequence, zeros if there is none.
func (c cachedRows[T]) read(dst []T, i int) {
	for b, p := range c.past {
		row := dst[b*c.h:][:c.h]
		if p == 0 {
			clear(row)
			continue
		}
		copy(row, c.data[(b*c.rows+int(p)-1)*c.cols+i*c.h:])
	}
}

// write copies state i of every step, (B, steps, H), to the rows from past on.
func (c cachedRows[T]) write(src []T, i, steps int) {
	for b, p := range c.past {
		for t := range steps {
			copy(c.data[(b*c.rows+int(p)+t)*c.cols+i*c.h:][:c.h], src[(b*steps+t)*c.h:])
		}
	}
}
