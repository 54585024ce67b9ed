package train

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
)

// checkSolver refuses what cannot train: Gorgonia's AdamW, which leaves the weights as they are, and a schedule for a solver whose
// rate nobody can set.
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

// setRate sets the learning rate of one of Gorgonia's solvers, whose options can be applied at any time.
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
