package train

import (
	"cmp"
	"iter"
	"math"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Adafactor keeps one number for each row and each column of a matrix instead of one for each weight (Shazeer and Stern 2018,
// https://arxiv.org/abs/1804.04235), in the form of torch.optim.Adafactor with Eps1 added to the squares as in the paper. In step t,
// from 1, with gradient g and β = 1 - t^-0.8:
//
//	ρ = min(Rate, t^-½)
//	r = β·r + (1-β)·(mean of g²+Eps1 over a row), c = β·c + (1-β)·(mean of g²+Eps1 over a column)
//	u = g/√(r·c/mean(r)), divided by max(1, RMS(u)/Clip)
//	w = w·(1 - Rate·WeightDecay), then w = w - ρ·max(Eps2, RMS(w))·u
//
// A parameter of one axis has a second moment for each weight. The state is step, row_var.NAME (r), col_var.NAME (c) and
// variance.NAME. Rate is relative to the size of the weights: 1e-2 is common.
//
// An optimizer serves the parameters of one model and is not safe for concurrent use. It clears the gradients of plain Gorgonia
// nodes, as Gorgonia's solvers do.
type Adafactor struct {
	Rate        float64 // largest relative learning rate of Step; Update ignores it. 0 means 1e-2
	Eps1        float64 // 0 means 1e-30
	Eps2        float64 // 0 means 1e-3
	Clip        float64 // largest RMS of an update; 0 means 1
	WeightDecay float64
	Decay       Decay       // selects the parameters that decay; nil selects parameters of two axes or more
	Groups      ParamGroups // parameters with a rate or a decay of their own

	state optimizerState
}

var (
	_ Optimizer = (*Adafactor)(nil)
	_ Stateful  = (*Adafactor)(nil)
)

var factoredKinds, varianceKinds = []string{rowKind, colKind}, []string{"variance"}

func (o *Adafactor) kinds(p *paramState) []string {
	if p.shape.Dims() >= 2 {
		return factoredKinds
	}
	return varianceKinds
}

func (o *Adafactor) grouping() ParamGroups { return o.Groups }

// Step updates the model at the optimizer's own Rate. It implements gorgonia.Solver.
func (o *Adafactor) Step(model []G.ValueGrad) error {
	return o.Update(model, cmp.Or(o.Rate, 1e-2), 1)
}

// Update implements Optimizer.
func (o *Adafactor) Update(model []G.ValueGrad, rate, scale float64) (err error) {
	defer func() { err = errors.WithMessage(err, "train: adafactor") }()
	k := kernel.Adafactor{Eps1: cmp.Or(o.Eps1, 1e-30), Eps2: cmp.Or(o.Eps2, 1e-3), Clip: cmp.Or(o.Clip, 1)}
	if err := checkUpdate(rate, scale); err != nil {
		return err
	}
	if !(k.Eps1 > 0 && k.Eps2 > 0 && k.Clip > 0) {
		return errors.Errorf("Eps1 %v, Eps2 %v and Clip %v, want all above 0", k.Eps1, k.Eps2, k.Clip)
	}
	step, err := o.state.begin(model, o)
	if err != nil {
		return err
	}
	t := float64(step)
	k.Beta2 = 1 - math.Pow(t, -0.8)
	for i, p := range model {
		s := &o.state.all[i]
		own := s.rate(rate)
		k.Rate, k.Decay = min(own, 1/math.Sqrt(t)), own*o.Decay.of(s, o.WeightDecay)
		if s.dt == tensor.Float64 {
			adafactorStep[float64](p, s, scale, k)
		} else {
			adafactorStep[float32](p, s, scale, k)
		}
		clearForeign(p)
	}
	return nil
}

func adafactorStep[T kernel.Float](p G.ValueGrad, s *paramState, scale float64, k kernel.Adafactor) {
	g, _ := p.Grad() // begin has checked it
	if len(s.kept) == 1 {
		kernel.AdafactorStep(floats[T](p.Value()), floats[T](g), floats[T](s.kept[0]), scale, k)
		return
	}
	cols := s.shape[s.shape.Dims()-1]
	kernel.AdafactorFactored(floats[T](p.Value()), floats[T](g), floats[T](s.kept[0]), floats[T](s.kept[1]), cols, scale, k)
}

// Bind implements Stateful.
func (o *Adafactor) Bind(model []G.ValueGrad) error {
	return errors.WithMessage(o.state.bind(model, o), "train: adafactor")
}

// State implements Stateful.
func (o *Adafactor) State() iter.Seq2[string, *tensor.Dense] { return o.state.list() }

// Restore implements Stateful.
func (o *Adafactor) Restore(state map[string]*tensor.Dense) error {
	return errors.WithMessage(o.state.restore(state), "train: adafactor")
}
