package train

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// checkSolver returns an error for Gorgonia's AdamW, which never changes the weights, and for a schedule with a solver whose rate
// cannot be set.
func checkSolver(s G.Solver, scheduled bool) error {
	switch s.(type) {
	case *G.AdamW:
		return errors.New("gorgonia.AdamW of v0.9.18 never changes the weights: use train.AdamW")
	case Optimizer, *G.AdamSolver, *G.VanillaSolver, *G.Momentum, *G.RMSPropSolver:
		return nil
	}
	if scheduled {
		return errors.Errorf("the rate of %T cannot be set: leave Rate nil, or give the solver a method Update as in train.Optimizer", s)
	}
	return nil
}

// setRate sets the learning rate of one of Gorgonia's solvers. Their options can be applied at any time.
func setRate(s G.Solver, rate float64, scheduled bool) error {
	if !scheduled {
		return nil
	}
	if err := checkUpdate(rate, 1); err != nil {
		return err
	}
	G.WithLearnRate(rate)(s)
	return nil
}

// forgets returns an error if the solver, which is not Stateful, keeps a state that a resumed run would lose.
func forgets(s G.Solver, moments int) error {
	switch s.(type) {
	case *G.VanillaSolver:
		if moments > 0 {
			return errors.Errorf("%d tensors of state, but %T cannot restore any", moments, s)
		}
		return nil
	}
	return errors.Errorf("%T cannot restore its state, which the resumed run would lose: use train.AdamW, train.Adam or train.SGD, or implement train.Stateful", s)
}

// checkMoments returns an error if the State was set by hand to a later step while the optimizer has no moments yet.
func (tr *Trainer) checkMoments() error {
	if tr.Step == 0 || tr.began {
		return nil
	}
	s, ok := tr.Optimizer.(Stateful)
	if !ok {
		return errors.WithMessagef(forgets(tr.Optimizer, 0), "the State is at step %d", tr.Step)
	}
	if err := s.Bind(tr.own); err != nil {
		return err
	}
	kept, steps := 0, 0.0
	for name, t := range s.State() {
		if kept++; name == "step" && size(t) == 1 {
			steps = element(t, 0)
			kept--
		}
	}
	if kept > 0 && steps == 0 {
		return errors.Errorf("the State is at step %d but the optimizer has no moments: call Resume with the saved moments", tr.Step)
	}
	return nil
}
