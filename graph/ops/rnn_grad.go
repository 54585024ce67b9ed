package ops

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// grad declares the gradients of all operands except the lengths. The backward pass reads the shape of X but not its values.
func (r recurrence) grad(d Derivation) ([]*G.Node, error) {
	in := d.In[1:]
	results := 2
	if r.cell == kernel.LSTM {
		results = 3
	}
	operands := append([]*G.Node{}, in...)
	for i := range results {
		n, err := d.Out(i)
		if err != nil {
			return nil, err
		}
		operands = append(operands, n)
	}
	operands = append(operands, d.D)
	b := recurrenceGrad{recurrence: r, x: d.In[0].Shape()}
	for i, n := range d.In {
		if i != r.lengths {
			b.of = append(b.of, i)
			b.out = append(b.out, n.Shape())
		}
	}
	found, err := d.Results(Def{
		Name:    r.cell.String() + "Backward",
		Shapes:  func([]tensor.Shape) ([]tensor.Shape, error) { return b.out, nil },
		Forward: Kernel{recurBackward[float32](b), recurBackward[float64](b)},
		Scratch: func([]tensor.Shape) int { return b.scratch() },
		FLOPs:   b.flops,
	}, operands...)
	if err != nil {
		return nil, err
	}
	grads := make([]*G.Node, len(d.In))
	for i, at := range b.of {
		grads[at] = found[i]
	}
	return grads, nil
}

// recurrenceGrad is the backward pass. Its operands are those of the forward pass without X, the results, and the gradient.
type recurrenceGrad struct {
	recurrence
	x   tensor.Shape   // of X
	of  []int          // the operand of each result
	out []tensor.Shape // of the results
}

func (b recurrenceGrad) scratch() int {
	k := kernel.Recurrent[float32]{Cell: b.cell, B: b.x[0], Time: b.x[1], H: b.x[2] / b.cell.Gates()}
	return k.BackwardScratch()
}

// flops counts the products of all steps, and the product of the weights' gradient if it is computed.
func (b recurrenceGrad) flops(_, out []tensor.Shape) int {
	one := 2 * size(b.x) * b.x[2] / b.cell.Gates()
	if out[1] == nil {
		return one
	}
	return 2 * one
}

func recurBackward[T kernel.Float](b recurrenceGrad) func(*Call[T]) error {
	states := len(b.of) - 1 // index of the first result of the forward pass
	if b.lengths >= 0 {
		states++
	}
	return func(c *Call[T]) error {
		k := recurrent(b.recurrence, b.x, c.In)
		s := kernel.RecurrentStates[T]{Y: c.In[states].F, Gates: c.In[states+1].F}
		if b.cell == kernel.LSTM {
			s.C = c.In[states+2].F
		}
		g := kernel.RecurrentGrads[T]{DY: c.In[len(c.In)-1].F, Scratch: c.Scratch}
		for i, at := range b.of {
			switch d := c.Out[i].F; at {
			case 0:
				g.DX = d
			case 1:
				g.DW = d
			case b.bias:
				g.DBias = d
			case b.h0:
				g.DH0 = d
			case b.c0:
				g.DC0 = d
			}
		}
		k.Backward(s, g)
		return nil
	}
}
