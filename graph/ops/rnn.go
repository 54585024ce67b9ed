package ops

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Recurrence holds the nodes that GRU and LSTM read. G is the number of gates: 3 for GRU, in the order r, z, n; 4 for LSTM, in the order
// i, f, g, o. X and W are always required.
type Recurrence struct {
	X    *G.Node // (B, T, G·H): the products of the inputs with all gates, for example a Linear of the inputs
	W    *G.Node // (G·H, H): weights of the state
	Bias *G.Node // (G·H): bias of the state's product; nil for none

	H, C    *G.Node // (B, H): initial states; nil for zeros. Only LSTM has C.
	Lengths *G.Node // int32 (B): number of steps of each sequence; nil means T. Later steps keep the state.
}

// GRU is a gated recurrent unit over a sequence: → (B, T, H), the state after every step. The formulas are in kernel.GRU.
//
// For the gradient, which goes back through all steps, it keeps its result and four vectors of H for each step: the gates r, z and n
// and the state's product of n. Without a gradient it keeps nothing.
func GRU(in Recurrence) (*G.Node, error) { return recur(kernel.GRU, in) }

// LSTM is a long short-term memory over a sequence: → (B, T, H), the state h after every step. The formulas are in kernel.LSTM.
//
// For the gradient, which goes back through all steps, it keeps its result and five vectors of H for each step: the gates and the
// state c. Without a gradient it keeps nothing.
func LSTM(in Recurrence) (*G.Node, error) { return recur(kernel.LSTM, in) }

// recurrence is a cell and the indices of its operands after X and W; -1 means none.
type recurrence struct {
	cell                  kernel.Cell
	bias, h0, c0, lengths int
}

// newRecurrence lists the operands that are not nil.
func newRecurrence(cell kernel.Cell, in Recurrence) (recurrence, []*G.Node, error) {
	r, nodes := recurrence{cell: cell}, []*G.Node{in.X, in.W}
	optional := func(n *G.Node) int {
		if n == nil {
			return -1
		}
		nodes = append(nodes, n)
		return len(nodes) - 1
	}
	r.bias, r.h0, r.c0, r.lengths = optional(in.Bias), optional(in.H), optional(in.C), optional(in.Lengths)
	switch {
	case in.X == nil || in.W == nil:
		return r, nil, errors.New("operands: want X and W")
	case in.C != nil && cell != kernel.LSTM:
		return r, nil, errors.New("operand C: only an LSTM has a state c")
	case in.Lengths != nil && in.Lengths.Dtype() != tensor.Int32:
		return r, nil, errors.Errorf("lengths of type %v: want int32", in.Lengths.Dtype())
	}
	return r, nodes, nil
}

func recur(cell kernel.Cell, in Recurrence) (*G.Node, error) {
	r, nodes, err := newRecurrence(cell, in)
	if err != nil {
		return nil, errors.WithMessagef(err, "ops: %v", cell)
	}
	return New(Def{
		Name:    cell.String(),
		Shapes:  r.shapes,
		Forward: Kernel{recurForward[float32](r), recurForward[float64](r)},
		Grad:    r.grad,
		FLOPs:   r.flops,
	}, nodes...)
}

// shapes returns the shapes of the states, of the gates and, for an LSTM, of the states c.
func (r recurrence) shapes(in []tensor.Shape) ([]tensor.Shape, error) {
	x, w, gates := in[0], in[1], r.cell.Gates()
	if len(x) != 3 || len(w) != 2 || w[0] != gates*w[1] || x[2] != w[0] {
		return nil, errors.Errorf("products of the input %v and weights %v: want (B, T, %d·H) and (%d·H, H)", x, w, gates, gates)
	}
	b, h := x[0], w[1]
	for _, o := range []struct {
		name string
		at   int
		want tensor.Shape
	}{{"bias", r.bias, tensor.Shape{w[0]}}, {"initial state", r.h0, tensor.Shape{b, h}}, {"initial state c", r.c0, tensor.Shape{b, h}}, {"lengths", r.lengths, tensor.Shape{b}}} {
		if o.at >= 0 && !in[o.at].Eq(o.want) {
			return nil, errors.Errorf("%s %v: want %v", o.name, in[o.at], o.want)
		}
	}
	shapes := []tensor.Shape{{b, x[1], h}, {b, x[1], keptGates, h}}
	if r.cell == kernel.LSTM {
		shapes = append(shapes, tensor.Shape{b, x[1], h})
	}
	return shapes, nil
}

// keptGates is the number of vectors of kernel.RecurrentStates.Gates.
const keptGates = 4

func (r recurrence) flops(in, _ []tensor.Shape) int { return 2 * size(in[0]) * in[1][1] }

// recurrent returns the problem of a call for an X of shape x, without its values. in are the other operands of the operation.
func recurrent[T kernel.Float](r recurrence, x []int, in []Arg[T]) kernel.Recurrent[T] {
	k := kernel.Recurrent[T]{Cell: r.cell, B: x[0], Time: x[1], H: x[2] / r.cell.Gates(), W: in[0].F}
	if r.bias >= 0 {
		k.Bias = in[r.bias-1].F
	}
	if r.h0 >= 0 {
		k.H0 = in[r.h0-1].F
	}
	if r.c0 >= 0 {
		k.C0 = in[r.c0-1].F
	}
	if r.lengths >= 0 {
		k.Lengths = in[r.lengths-1].I
	}
	return k
}

func recurForward[T kernel.Float](r recurrence) func(*Call[T]) error {
	return func(c *Call[T]) error {
		k := recurrent(r, c.In[0].Shape, c.In[1:])
		k.X = c.In[0].F
		for b, n := range k.Lengths {
			if n < 0 || int(n) > k.Time {
				return errors.Errorf("sequence %d: length %d is not in 0…%d", b, n, k.Time)
			}
		}
		s := kernel.RecurrentStates[T]{Y: c.Out[0].F, Gates: c.Out[1].F}
		if r.cell == kernel.LSTM {
			s.C = c.Out[2].F
		}
		k.Forward(s)
		return nil
	}
}
