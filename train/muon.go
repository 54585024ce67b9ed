package train

import (
	"cmp"
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Muon replaces the momentum of a matrix by the nearest semi-orthogonal matrix, so that all its directions move alike (Jordan et al.
// 2024, https://kellerjordan.github.io/posts/muon/), in the form of torch.optim.Muon. With gradient g of a matrix (rows, cols):
//
//	m = Momentum·m + (1-Momentum)·g, u = Momentum·m + (1-Momentum)·g
//	X = NewtonSchulz(u)
//	w = w·(1 - Rate·WeightDecay) - Rate·√max(1, rows/cols)·X
//
// It serves the hidden matrices. AdamW serves all other parameters: embeddings, the head, norms and biases. Its rate follows Muon's:
// in Update(model, rate, scale) it is rate·AdamW.Rate/Rate. A matrix of parts, such as the queries, keys and values of attention in
// one, counts as one matrix.
//
// The state is step, momentum_buffer.NAME (m) of the matrices, and exp_avg.NAME and exp_avg_sq.NAME of the others.
//
// An optimizer serves the parameters of one model and is not safe for concurrent use. It clears the gradients of plain Gorgonia
// nodes, as Gorgonia's solvers do.
type Muon struct {
	Rate        float64 // learning rate of Step; Update uses it for its ratio to AdamW's. 0 means 0.02
	Momentum    float64 // 0 means 0.95
	NoNesterov  bool    // u = m
	NSSteps     int     // steps of Newton–Schulz; 0 means 5
	WeightDecay float64
	Groups      ParamGroups // parameters with a rate or a decay of their own

	// Hidden selects the matrices of Muon among the parameters of two axes; nil selects those whose names show no embedding and no
	// head.
	Hidden func(name string, shape tensor.Shape) bool

	// AdamW updates the other parameters. Rate 0 means 3e-4 and Beta2 0 means 0.95. Its Groups and BFloat16 are not used.
	AdamW AdamW

	state optimizerState
}

var (
	_ Optimizer = (*Muon)(nil)
	_ Stateful  = (*Muon)(nil)
)

var muonKinds = []string{"momentum_buffer"}

func (o *Muon) kinds(p *paramState) []string {
	switch {
	case p.kinds != nil:
		return p.kinds
	case p.shape.Dims() == 2 && (o.Hidden == nil && isHidden(p.name) || o.Hidden != nil && o.Hidden(p.name, p.shape)):
		return muonKinds
	}
	return adamKinds
}

func (o *Muon) grouping() ParamGroups { return o.Groups }

// isHidden reports whether no part of a name is the name of an embedding or of a head.
func isHidden(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		switch part {
		case "wte", "wpe", "shared", "table", "relative_attention_bias", "head", "generator", "classifier", "score", "predictions":
			return false
		}
		if strings.Contains(part, "emb") || strings.HasSuffix(part, "_head") {
			return false
		}
	}
	return true
}

// newtonSchulz are the coefficients of the steps, of Jordan et al.
var newtonSchulz = slices.Repeat([][3]float64{{3.4445, -4.7750, 2.0315}}, 16)

// Step updates the model at the optimizer's own Rate. It implements gorgonia.Solver.
func (o *Muon) Step(model []G.ValueGrad) error {
	return o.Update(model, cmp.Or(o.Rate, muonRate), 1)
}

const muonRate = 0.02

// Update implements Optimizer.
func (o *Muon) Update(model []G.ValueGrad, rate, scale float64) (err error) {
	defer func() { err = errors.WithMessage(err, "train: muon") }()
	if err := o.check(rate, scale); err != nil {
		return err
	}
	w := o.AdamW
	others := adam{kernel.Adam{Rate: rate * cmp.Or(w.Rate, 3e-4) / cmp.Or(o.Rate, muonRate), Beta1: w.Beta1, Beta2: cmp.Or(w.Beta2, 0.95),
		Eps: w.Eps, WeightDecay: w.WeightDecay}, w.Decay, true}
	if err := others.standard(); err != nil {
		return err
	}
	if others.Step, err = o.state.begin(model, o); err != nil {
		return err
	}
	for i, p := range model {
		switch s := &o.state.all[i]; {
		case len(s.kept) == 2:
			others.one(p, s, scale)
		case s.dt == tensor.Float64:
			muonStep[float64](o, p, s, rate, scale)
		default:
			muonStep[float32](o, p, s, rate, scale)
		}
		clearForeign(p)
	}
	return nil
}

func (o *Muon) check(rate, scale float64) error {
	if !(o.Momentum >= 0 && o.Momentum < 1) || o.NSSteps < 0 || o.NSSteps > len(newtonSchulz) {
		return errors.Errorf("Momentum %v and NSSteps %d, want Momentum within [0, 1) and NSSteps within [0, %d]", o.Momentum, o.NSSteps, len(newtonSchulz))
	}
	return checkUpdate(rate, scale)
}

func muonStep[T kernel.Float](o *Muon, p G.ValueGrad, s *paramState, rate, scale float64) {
	g, _ := p.Grad() // begin has checked it
	rows, cols := s.shape[0], s.shape[1]
	kernel.Muon(floats[T](p.Value()), floats[T](g), floats[T](s.kept[0]), rows, scale, kernel.MuonStep{
		Rate: s.rate(rate) * math.Sqrt(max(1, float64(rows)/float64(cols))), Keep: 1 - s.rate(rate)*Decay(nil).of(s, o.WeightDecay),
		Momentum: cmp.Or(o.Momentum, 0.95), Nesterov: !o.NoNesterov, Steps: newtonSchulz[:cmp.Or(o.NSSteps, 5)],
	})
}

// Bind implements Stateful.
func (o *Muon) Bind(model []G.ValueGrad) error {
	return errors.WithMessage(o.state.bind(model, o), "train: muon")
}

// State implements Stateful.
func (o *Muon) State() iter.Seq2[string, *tensor.Dense] { return o.state.list() }

// Restore implements Stateful.
func (o *Muon) Restore(state map[string]*tensor.Dense) error {
	return errors.WithMessage(o.state.restore(state), "train: muon")
}
