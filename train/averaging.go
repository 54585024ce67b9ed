package train

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Averaging is an optimizer that trains one set of weights and evaluates another, an average: ScheduleFree and EMA. A model has one of
// both. Evaluate, generate and save between Eval and Train:
//
//	opt.Eval(step.ValueGrads())
//	e, err := train.Evaluate(ctx, eval, held, held.Len())
//	… save the Params, the State and opt.State()
//	opt.Train(step.ValueGrads())
//
// A model saved so holds the average, and the optimizer's state the weights in training. To resume, call Eval before the Params are
// loaded and Train after Resume. A Trainer calls Train before each step.
type Averaging interface {
	Optimizer
	Stateful

	// Eval puts the average into the model and keeps the weights in training. A second call does nothing.
	Eval(model []G.ValueGrad) error
	// Train puts the weights in training back, bit for bit. Without Eval it does nothing.
	Train(model []G.ValueGrad) error
}

// trainedKind is the kind of state that keeps the weights in training between Eval and Train.
const trainedKind = "trained"

var errEval = errors.New("the model holds the average of the weights: call Train first")

// copyValues copies from the elements of from into to, both of one type and size.
func copyValues(to, from G.Value) {
	if from.Dtype() == tensor.Float64 {
		copy(floats[float64](to), floats[float64](from))
	} else {
		copy(floats[float32](to), floats[float32](from))
	}
}
