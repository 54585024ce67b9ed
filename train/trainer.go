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

// Trainer fits the parameters of a Program. Fill in the fields, then call Steps.
//
// State is the position of the run. To save a run, save the Program's Params, the State and the optimizer's state. To resume it,
// load the Params, make a Trainer like the first and call Resume. If the State is set by hand to a later step, Steps returns an
// error unless the optimizer keeps no moments or has the moments of earlier steps.
type Trainer struct {
	Program   *graph.Program // built in mode Train, with a loss that is a mean over the targets that count
	Optimizer G.Solver       // an Optimizer of this package, or one of Gorgonia's
	Rate      Schedule       // nil leaves the optimizer its own rate
	Clip      float64        // largest norm of all gradients together; 0 means no limit
	Plateau   *Plateau       // lowers the rate after evaluations; nil for none. The caller calls Observe
	Until     int            // number of steps of the whole run, with the steps before a resumption; 0 means no end

	// MicroBatches is the number of batches whose gradients make up one step; 0 means 1. Each batch counts by the Program's Targets,
	// so that loss and gradients equal those of one large batch. With more than 1, the Program's gradients hold the sum over the
	// targets.
	MicroBatches int

	// Skip is the largest z-score of the norm of the gradients, among those of the last 128 steps, whose gradients are used. A step
	// above it changes no weight and no moment, but counts. 0 means no limit; 6 is common.
	Skip float64

	State

	model   []G.ValueGrad
	program *graph.Program // program of model
	counted float64        // number of targets of the step so far
	began   bool           // the optimizer's moments belong to the State
}

// State is the position of a run. A resumed run needs the State, the parameters and the optimizer's state, and nothing else.
type State struct {
	Step   int    `json:"step"`   // number of steps done
	Batch  int    `json:"batch"`  // number of micro-batches used, and the index of the next
	Tokens int    `json:"tokens"` // number of targets that counted
	Seed   uint64 `json:"seed"`   // seed of the parameters and of dropout; Steps sets it

	Norms *Norms `json:"norms,omitempty"` // norms of the last steps, for Trainer.Skip
}

// Report holds the figures of one step.
type Report struct {
	Step     int           // number of the step, from 1
	Loss     float64       // mean over the targets that counted, before the update
	GradNorm float64       // norm of all gradients together, before clipping
	Rate     float64       // learning rate; 0 if the optimizer uses its own
	Tokens   int           // number of targets that counted
	Elapsed  time.Duration // duration of the step, with its batches
	Skipped  bool          // the norm is an outlier, and the step changed no weight: see Trainer.Skip
}

// Steps trains, one step per iteration, until Until steps are done, ctx is cancelled or the caller breaks out. If ctx is cancelled,
// the current step completes and the iteration ends without an error. An error ends the iteration. A later call continues from the
// State.
//
// A loss or gradient that is not finite is an error that names the step and the parameter. The parameters keep the values from
// before the step. Steps allocates nothing after the first step of every size of the Program.
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

// Resume continues a saved run: it sets the State and restores the state of the optimizer. If it returns an error, nothing has
// changed. A solver that keeps moments but is not Stateful, such as gorgonia.AdamSolver, is an error, because the resumed run would
// lose the moments.
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
	case !(tr.Clip >= 0 && tr.Skip >= 0):
		return errors.Errorf("Clip is %v and Skip %v, want both at least 0", tr.Clip, tr.Skip)
	case tr.Plateau != nil && tr.Rate == nil:
		return errors.New("a Plateau without a Rate: set Rate, which it lowers")
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

// step trains one step. It advances the State only if the whole step succeeds.
func (tr *Trainer) step(source Source) (r Report, err error) {
	begin := time.Now()
	r.Step = tr.Step + 1
	if tr.Rate != nil {
		r.Rate = tr.Rate(tr.Step) * tr.Plateau.scale()
	}
	if a, ok := tr.Optimizer.(Averaging); ok {
		if err := a.Train(tr.model); err != nil {
			return r, err
		}
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

// accumulate runs micro-batch i and adds its loss, times its number of targets, to r.Loss.
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

// update checks and clips the gradients of n micro-batches and steps the optimizer.
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
	if r.Skipped = tr.outlier(r.GradNorm); r.Skipped {
		return nil
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
