package train

import (
	"iter"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Optimizer is a gorgonia.Solver with a method Update. A Trainer passes the learning rate and a scale, which is applied to the
// gradients as they are read. All optimizers of this package are Optimizers. Step is Update with the optimizer's own rate and a scale of 1.
type Optimizer interface {
	G.Solver

	// Update updates the values of the model from its gradients, times scale, at this learning rate.
	Update(model []G.ValueGrad, rate, scale float64) error
}

// Stateful is an optimizer whose state can be saved and restored.
type Stateful interface {
	// Bind allocates the state for the parameters of a model, unless it exists. Update calls Bind.
	Bind(model []G.ValueGrad) error
	// State lists the state by name. The tensors are in use, not copies. Before Bind the list is empty.
	State() iter.Seq2[string, *tensor.Dense]
	// Restore copies a state listed by State into the optimizer. One error names every tensor that is missing, unexpected or of
	// another shape; nothing has changed then. It is an error before Bind.
	Restore(state map[string]*tensor.Dense) error
}

// defaultRate is the learning rate of an optimizer whose Rate is 0. It is PyTorch's default.
const defaultRate = 1e-3

// Decay reports whether weight decay applies to a parameter.
type Decay func(name string, shape tensor.Shape) bool

// of returns the weight decay of a parameter. By default, parameters of one axis (biases and weights of norms) do not decay. A group
// with a decay decides for all its parameters.
func (d Decay) of(s *paramState, decay float64) float64 {
	if s.group != nil && s.group.Decay != nil {
		return *s.group.Decay
	}
	if d == nil && s.shape.Dims() >= 2 || d != nil && d(s.name, s.shape) {
		return decay
	}
	return 0
}

// checkUpdate returns an error if the rate is negative, or if the rate or the scale is not finite.
func checkUpdate(rate, scale float64) error {
	if !(rate >= 0) || rate-rate != 0 {
		return errors.Errorf("learning rate is %v, want a finite number of at least 0", rate)
	}
	if scale-scale != 0 {
		return errors.Errorf("scale of the gradients is %v, want a finite number", scale)
	}
	return nil
}

// checkBetas returns an error unless the numbers of an optimizer are valid.
func checkBetas(beta1, beta2, eps float64) error {
	if !(beta1 >= 0 && beta1 < 1 && beta2 >= 0 && beta2 < 1 && eps >= 0) {
		return errors.Errorf("Beta1 %v, Beta2 %v and Eps %v, want the betas within [0, 1) and Eps at least 0", beta1, beta2, eps)
	}
	return nil
}
