package train

import (
	"context"
	"iter"
	"math"
	"time"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Trainer fits the parameters of a Program. It is a struct to fill in; Steps runs it.
//
// Its State says where the run stands. To save a run, save the Program's Params, the State and the optimizer's own state; to
// resume it, load the Params, make a Trainer like the first and call Resume. A State that is set by hand is refused unless the
// optimizer has no moments or has those of earlier steps.
type Trainer struct {
	Program   *graph.Program // built in mode Train, with a loss that is a mean over the targets that count
	Optimizer G.Solver       // an Optimizer of this package, or one of Gorgonia's
	Rate      Schedule       // nil leaves the optimizer its own rate
	Clip      float64        // bound of the norm of all gradients together; 0 for none
	Until     int            // number of steps of the whole run, those before a resumption included; 0 for no end

	// MicroBatches is the number of batches whose gradients make up one step; 0 means 1. Each counts by the Program's Targets, so
	// that loss and gradients are those of one batch of all. With more than 1 the Program's gradients hold the sum over the targets.
	MicroBatches int

	State

	model   []G.ValueGrad
	program *graph.Program // whose gradients model holds
	counted float64        // targets of the step so far
	began   bool           // the optimizer's moments are those of the State
}

// State is where a run stands. It is all that a resumed run needs beside the parameters and the optimizer's state.
type State struct {
	Step   int    `json:"step"`   // steps done
	Batch  int    `json:"batch"`  // micro-batches used: the number of the Source's next
	Tokens int    `json:"tokens"` // targets that counted
	Seed   uint64 `json:"seed"`   // of the parameters, which dropout draws from, too; Steps sets it
}

// Report says how a step went.
type Report struct {
	Step     int           // number of the step, from 1
	Loss     float64       // mean over the targets that counted, before the update
	GradNorm float64       // norm of all gradients together, before clipping
	Rate     float64       // learning rate; 0 when the optimizer has its own
	Tokens   int           // targets that counted
	Elapsed  time.Duration // of the step, its batches included
}

// Steps trains, one step per iteration, until Until steps are done, the context ends or the caller breaks out. A context that
// ends lets the step that it meets come to its end, and is no error. After an error the iteration is over. A later call goes on
// where the State is.
//
// A loss or gradient that is not finite is an error that names the step and the parameter; the parameters are then as they were
// before the step. A steady state allocates nothing.
func (tr *Trainer) Steps(ctx context.Context, source Source) iter.Seq2[Report, error] {
	return func(yield func(Report, error) bool) {
		if err := tr.prepare(source); err != nil {
			yield(Report{}, errors.WithMessage(err, "train"))
			return
		}
		for ctx.Err() == nil && (tr.Until == 0 || tr.Step < tr.Until) {
			r, err := tr.step(source)
			if err != nil {
				yield(r, errors.WithMessagef(err, "train: step %d", tr.Step+1))
				return
			}
			if !yield(r, nil) {
				return
			}
		}
	}
}

// Resume continues a saved run: it sets the State and restores the state of the optimizer. With an error nothing is changed. A solver
// that keeps moments but is not Stateful, such as gorgonia.AdamSolver, is an error: the resumed run would be another one.
func (tr *Trainer) Resume(state State, moments map[string]*tensor.Dense) error {
	next := *tr
	next.State, next.began = state, true
	if err := next.check(); err != nil {
		return errors.WithMessage(err, "train: resume")
	}
	if s, ok := tr.Optimizer.(Stateful); ok {
		if err := s.Bind(tr.Program.ValueGrads()); err != nil {
			return err
		}
		if err := s.Restore(moments); err != nil {
			return err
		}
	} else if err := forgets(tr.Optimizer, len(moments)); err != nil {
		return errors.WithMessage(err, "train: resume")
	}
	tr.State, tr.began = state, true
	return nil
}

func (tr *Trainer) prepare(source Source) error {
	if err := tr.check(); err != nil {
		return err
	}
	if source == nil {
		return errors.New("the Source is nil")
	}
	if err := tr.checkMoments(); err != nil {
		return err
	}
	tr.Seed = tr.Program.Params().Seed()
	if tr.program != tr.Program {
		tr.program, tr.model = tr.Program, tr.Program.ValueGrads()
	}
	return nil
}

func (tr *Trainer) check() error {
	switch {
	case tr.Program == nil:
		return errors.New("the Program is nil")
	case tr.Optimizer == nil:
		return errors.New("the Optimizer is nil")
	case tr.Program.Mode() != graph.Train || len(tr.Program.Weights()) == 0:
		return errors.Errorf("a program for %v with %d parameters to train, want one built in mode %v with a loss",
			tr.Program.Mode(), len(tr.Program.Weights()), graph.Train)
	case !(tr.Clip >= 0):
		return errors.Errorf("Clip is %v, want at least 0", tr.Clip)
	case tr.Until < 0 || tr.MicroBatches < 0:
		return errors.Errorf("Until is %d and MicroBatches %d, want both at least 0", tr.Until, tr.MicroBatches)
	case tr.Step < 0 || tr.Batch < 0 || tr.Tokens < 0:
		return errors.Errorf("state of step %d, batch %d and %d tokens, want all at least 0", tr.Step, tr.Batch, tr.Tokens)
	}
	if seed := tr.Program.Params().Seed(); tr.Batch > 0 && seed != tr.Seed {
		return errors.Errorf("the run began with seed %d but the parameters have %d: make them with the run's", tr.Seed, seed)
	}
	return checkSolver(tr.Optimizer, tr.Rate != nil)
}

// step does one step; the State moves on when all of it has succeeded.
func (tr *Trainer) step(source Source) (r Report, err error) {
	begin := time.Now()
	r.Step = tr.Step + 1
	if tr.Rate != nil {
		r.Rate = tr.Rate(tr.Step)
	}
	n := max(tr.MicroBatches, 1)
	tr.counted = 0
	defer func() { tr.Program.Accumulate, tr.Program.Scale = false, 1 }()
	for i := range n {
		if err := tr.accumulate(source, tr.Batch+i, &r); err != nil {
			return r, err
		}
	}
	if tr.counted == 0 {
		return r, errors.Errorf("no target counts in batches %d … %d: all are %d", tr.Batch, tr.Batch+n-1, ops.IgnoreTarget)
	}
	r.Loss, r.Tokens = r.Loss/tr.counted, int(math.Round(tr.counted))
	if err := tr.update(&r, n); err != nil {
		return r, err
	}
	tr.Step, tr.Batch, tr.Tokens = tr.Step+1, tr.Batch+n, tr.Tokens+r.Tokens
	tr.began, r.Elapsed = true, time.Since(begin)
	return r, nil
}

// accumulate runs micro-batch i and adds its loss, times its targets, to the report's.
func (tr *Trainer) accumulate(source Source, i int, r *Report) error {
	feed, err := source.Batch(i)
	if err != nil {
		return err
	}
	p := tr.Program
	p.Stream, p.Accumulate, p.Scale = uint64(i), tr.counted > 0, 1
	counted, err := counter{p, tr.MicroBatches > 1}.run(feed, func(counted float64) {
		if tr.MicroBatches > 1 {
			p.Scale = counted
		}
	})
	if err != nil {
		return errors.WithMessagef(err, "batch %d", i)
	}
	if counted == 0 {
		return nil
	}
	loss := p.Loss()
	if loss-loss != 0 {
		return errors.Errorf("the loss of batch %d is %v: lower the rate, or set Program.TraceNaN to see where it arises", i, loss)
	}
	r.Loss += loss * counted
	tr.counted += counted
	return nil
}

// update looks at the gradients of n micro-batches, and steps the optimizer with them.
func (tr *Trainer) update(r *Report, n int) error {
	mean := 1.0
	if n > 1 {
		mean = 1 / tr.counted
	}
	norm, err := GradNorm(tr.model)
	if err != nil {
		return err
	}
	r.GradNorm = norm * mean
	if norm-norm != 0 {
		if err := nonFinite(tr.model); err != nil {
			return err
		}
		return errors.Errorf("the norm of the gradients is %v, though each of them is finite", norm)
	}
	scale := mean * ClipFactor(r.GradNorm, tr.Clip)
	if o, ok := tr.Optimizer.(Optimizer); ok && tr.Rate != nil {
		return o.Update(tr.model, r.Rate, scale)
	}
	if err := setRate(tr.Optimizer, r.Rate, tr.Rate != nil); err != nil {
		return err
	}
	if scale != 1 {
		if err := scaleGradients(tr.model, scale); err != nil {
			return err
		}
	}
	return errors.WithMessage(tr.Optimizer.Step(tr.model), "optimizer")
}
