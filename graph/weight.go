package graph

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Weight is a trained parameter and its gradient in one Program. It implements gorgonia.ValueGrad and gorgonia.Namer.
type Weight struct {
	name        string
	value, grad *tensor.Dense
	sum         *tensor.Dense // gradients of earlier runs, while Run accumulates
}

// Name returns the parameter's path.
func (w *Weight) Name() string { return w.name }

// Value returns the parameter's tensor.
func (w *Weight) Value() G.Value { return w.value }

// Grad returns the gradient of the last run. During a run its memory also holds other values. The error is always nil.
func (w *Weight) Grad() (G.Value, error) { return w.grad, nil }

// keepGradients saves the gradients of earlier runs, except where the run of z adds to them in place.
func (p *Program) keepGradients(z *size) {
	for i, w := range p.weights {
		if z.direct[i] {
			continue
		}
		if w.sum == nil {
			w.sum = newDense(w.grad.Dtype(), w.grad.Shape())
		}
		copyDense(w.sum, w.grad)
	}
}

// announce calls Ready for weights whose gradients the steps of z have completed. If a saved gradient must still be added, it does not.
func (p *Program) announce(z *size, weights []int) {
	for _, i := range weights {
		if !p.Accumulate || z.direct[i] {
			p.Ready(i)
		}
	}
}

// addGradients adds the saved gradients to those of the run of z.
func (p *Program) addGradients(z *size) {
	for i, w := range p.weights {
		if z.direct[i] {
			continue
		}
		if w.grad.Dtype() == tensor.Float64 {
			kernel.AddScaled(w.grad.Float64s(), 1, w.sum.Float64s())
		} else {
			kernel.AddScaled(w.grad.Float32s(), 1, w.sum.Float32s())
		}
		if p.Ready != nil {
			p.Ready(i)
		}
	}
}
