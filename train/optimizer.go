package train

import (
	"iter"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Optimizer is a gorgonia.Solver of which a Trainer sets the learning rate and which scales the gradients as it reads them.
// SGD, Adam and AdamW are Optimizers. Step is Update with the optimizer's own rate and no scaling.
type Optimizer interface {
	G.Solver

	// Update changes the values of the model by its gradients, times scale, at this learning rate.
	Update(model []G.ValueGrad, rate, scale float64) error
}

// Stateful is an Optimizer whose state a checkpoint holds.
type Stateful interface {
	// Bind makes the state for the parameters of a model, unless it exists. Update binds by itself.
	Bind(model []G.ValueGrad) error
	// State lists the state by name, the tensors in use and not copies; nothing before Bind.
	State() iter.Seq2[string, *tensor.Dense]
	// Restore copies in a state that State has listed. It reports every tensor that is missing, unexpected or of another shape at
	// once, and then changes nothing. It is an error before Bind.
	Restore(state map[string]*tensor.Dense) error
}

// defaultRate is the learning rate of an optimizer whose Rate is 0, that of PyTorch.
const defaultRate = 1e-3

// Decay says whether the weights of a parameter decay.
type Decay func(name string, shape tensor.Shape) bool

// of is the weight decay of a parameter. By default parameters of one axis, biases and the weights of norms, do not decay.
func (d Decay) of(s *paramState, decay float64) float64 {
	if d == nil && s.shape.Dims() >= 2 || d != nil && d(s.name, s.shape) {
		return decay
	}
	return 0
}

// orDefault is v, or the default when v is 0.
func orDefault(v, byDefault float64) float64 {
	if v == 0 {
		return byDefault
	}
	return v
}

// checkUpdate refuses rates and scales that would spoil all weights at once.
func checkUpdate(rate, scale float64) error {
	if !(rate >= 0) || rate-rate != 0 {
		return errors.Errorf("learning rate is %v, want a finite number of at least 0", rate)
	}
	if scale-scale != 0 {
		return errors.Errorf("scale of the gradients is %v, want a finite number", scale)
	}
	return nil
}
