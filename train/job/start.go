package job

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// Setup holds the parts of a run: the Trainer, the data, and the files to save.
type Setup struct {
	Trainer *train.Trainer // with Until set to Options.Steps, and an Optimizer that is Stateful
	Batches train.Source   // training data
	Eval    *graph.Program // in mode Eval, over the same Params as the Trainer's Program
	Held    Held           // held-out data
	Sets    []Set          // more held-out data
	Score   Score          // chooses the best checkpoint; the zero value means that the loss does
	Data    string         // key of all data: data.Corpus.Key before Split

	Config any               // configuration of the model for config.json; nil for none
	Files  map[string][]byte // files of the tokenizer, by name

	// Weights lists the weights to save and to load, by their names in the file. Nil means all parameters of the Trainer's Program. Adapter
	// makes them an adapter of another model; nil means a whole model.
	Weights checkpoints.Tensors
	Adapter *checkpoints.Adapter

	About string // model and data in the first line: "1,200,000 parameters on 140,000 tokens of a.txt"
	Next  string // next command to type after the run

	Inside Inside // answers the page of -watch about the model; nil shows the training alone

	Shapes string // shapes of the batches, for a dry run; "" if there is only one
}

// Held is a Source of Len batches.
type Held interface {
	train.Source
	Len() int
}

// state is trainer_state.json.
type state struct {
	Trainer train.State         `json:"trainer"`
	Stop    train.EarlyStopping `json:"early_stopping"`
	Plateau *train.Plateau      `json:"plateau,omitempty"`
	Pending bool                `json:"evaluation_pending"` // the evaluation of this step was interrupted
	Score   string              `json:"score,omitempty"`    // name of the score that chooses the best checkpoint; "" means the loss
}

// CheckpointStep implements checkpoints.Stepper.
func (s state) CheckpointStep() int { return s.Trainer.Step }

// Start begins or resumes the run. To resume, it loads the newest checkpoint into the parameters, the optimizer and the Trainer. It is
// an error if the data, the tokenizer or the model differ from the run's. After Start, signals end the loop instead of the program.
//
// In a dry run Start does not begin the run. It prints the parameters, the memory, the floating-point operations and seconds of a step,
// the time of the whole run and the disk space of its checkpoints. It measures a few steps, which change the parameters but leave no
// file. It then cancels Context, so that the loop trains no step and Finish does nothing.
func (r *Run) Start(s Setup) (err error) {
	if r.DryRun {
		return errors.WithMessage(r.plan(s), "dry run")
	}
	if err := first(r.err, r.await()); err != nil {
		return err
	}
	if r.FindLR {
		return errors.WithMessage(r.findRate(s), "-find-lr")
	}
	defer func() { err = errors.WithMessagef(err, "run in %s", r.Out) }()
	r.setup, r.saves.Keep = s, r.Keep
	if err := r.checkSetup(); err != nil {
		return err
	}
	now := record{Program: r.program.Name, Flags: r.program.recorded(), Data: s.Data, Tokenizer: fingerprint(s.Files)}
	if r.resumes {
		if err := r.sameData(now); err != nil {
			return err
		}
	}
	r.state.Stop.Patience, r.state.Stop.Higher, r.state.Score = r.Patience, r.higher(), s.Score.Name
	if dir, ok := r.Resumed(); ok {
		if err := r.load(dir); err != nil {
			return err
		}
	}
	if r.Verify > 0 {
		return r.verify(now)
	}
	if err := r.openFiles(now); err != nil {
		return err
	}
	r.started, r.saved, r.show.Until, r.show.Unit = true, s.Trainer.Step, r.Steps, r.unit()
	var base context.Context
	base, r.interrupt = context.WithCancel(context.Background())
	r.signals, r.restore = train.UntilInterrupt(base)
	r.loop, r.end = context.WithCancel(r.signals)
	r.begin()
	if err := r.watch(); err != nil {
		return err
	}
	return r.err
}

// openFiles proves the run, compares it with that of other ranks, and opens its files on rank 0.
func (r *Run) openFiles(now record) (err error) {
	if now.Proof, err = r.prove(now); err != nil {
		return err
	}
	if err := r.sameEverywhere(now); err != nil {
		return err
	}
	if r.leads() {
		if err := r.writeRecords(now); err != nil {
			return err
		}
		if err := first(r.openLog(), r.openRecorders()); err != nil {
			return err
		}
		if r.sums, err = openSums(r.Out, r.setup.Trainer.Step); err == nil {
			err = r.openWatchable()
		}
	}
	return err
}

// openWatchable opens watch.jsonl. With -zero, rank 0 has only a part of the gradients, so it measures none.
func (r *Run) openWatchable() (err error) {
	tr := r.setup.Trainer
	if !tr.Shard {
		r.parts = page.NewParts(tr.Program, tr.Step, r.Steps)
	}
	var aside string
	if r.watchable, aside, err = page.OpenRecord(r.Out, tr.Step); aside != "" {
		r.printf("watch.jsonl is damaged: moved to %s, its good lines are kept", aside)
	}
	return err
}

func (r *Run) checkSetup() error {
	s := r.setup
	switch {
	case s.Trainer == nil || s.Trainer.Program == nil || s.Batches == nil || s.Eval == nil || s.Held == nil:
		return errors.Errorf("set up with trainer %t, batches %t, evaluation %t and held-out data %t: want all of them",
			s.Trainer != nil && s.Trainer.Program != nil, s.Batches != nil, s.Eval != nil, s.Held != nil)
	case s.Trainer.Until != r.Steps:
		return errors.Errorf("the Trainer ends at step %d, the run at -steps, which is %d: set Until to %[2]d", s.Trainer.Until, r.Steps)
	case len(s.Trainer.Program.Weights()) == 0:
		return errors.New("no weight to train: all are frozen, or the program has no loss")
	case s.Held.Len() < 1:
		return errors.New("the held-out data have no batch: give more data")
	}
	if err := cmp.Or(s.Score.check(), checkSets(s.Sets)); err != nil {
		return err
	}
	if _, err := json.Marshal(s.Config); err != nil {
		return errors.Wrap(err, "the model's configuration")
	}
	for _, source := range []train.Source{s.Batches, s.Held} { // data that are too short are an error before the run begins
		if _, err := source.Batch(0); err != nil {
			return err
		}
	}
	if _, ok := r.averaging(); ok && r.Zero {
		return errors.New("-zero with -ema or -optimizer schedule-free: their average needs all weights on every rank, so leave -zero out")
	}
	s.Trainer.Group, s.Trainer.Shard = r.group, r.Zero && r.group != nil
	var ok bool
	if r.moments, ok = s.Trainer.Optimizer.(train.Stateful); !ok {
		return errors.Errorf("optimizer %T does not return its state, so a run with it cannot resume: use train.AdamW, Adam or SGD", s.Trainer.Optimizer)
	}
	return nil
}

// load restores parameters, optimizer and Trainer from the newest checkpoint.
func (r *Run) load(dir string) error {
	if err := r.sameModel(dir); err != nil {
		return err
	}
	if a := r.setup.Adapter; a != nil {
		if err := checkpoints.CheckBase(dir, a.Base); err != nil {
			return err
		}
	}
	if a, ok := r.averaging(); ok { // a checkpoint holds the average
		if err := a.Eval(r.setup.Trainer.Program.ValueGrads()); err != nil {
			return err
		}
	}
	var was state
	moments, err := r.last.Load(r.weights(), &was)
	if err != nil {
		return err
	}
	if was.Score != r.state.Score || was.Stop.Higher != r.state.Stop.Higher {
		r.changed = append(r.changed, fmt.Sprintf("the best checkpoint is chosen by %s in the run and by %s here",
			cmp.Or(was.Score, "loss"), cmp.Or(r.state.Score, "loss")))
		was.Stop, was.Score = r.state.Stop, r.state.Score
	}
	was.Stop.Patience = r.Patience
	r.state = was
	r.plateau(was.Plateau)
	if err := r.setup.Trainer.Resume(was.Trainer, moments); err != nil {
		if len(r.changed) > 0 {
			return errors.Errorf("the optimizer's state does not fit after the change (%s): resume without the change, or begin another run from the model: %v",
				strings.Join(r.changed, ", "), err)
		}
		return err
	}
	if a, ok := r.averaging(); ok {
		return a.Train(r.setup.Trainer.Program.ValueGrads())
	}
	return nil
}

// higher reports whether a higher value is better in the choice of the best checkpoint.
func (r *Run) higher() bool { return r.setup.Score.Of != nil && !r.setup.Score.Lower }

// openLog opens the log. If the log of a resumed run is damaged or has another score, openLog renames it and continues with its valid
// lines.
func (r *Run) openLog() (err error) {
	path := filepath.Join(r.Out, "log.csv")
	if r.log, err = report.OpenLog(path, r.setup.Trainer.Step, r.setup.Score.Name); err == nil || !r.resumes {
		return err
	}
	aside, e := report.RescueLog(path, r.setup.Score.Name)
	if e != nil {
		return err
	}
	r.printf("%v: moved to %s, its good lines are kept", err, aside)
	r.log, err = report.OpenLog(path, r.setup.Trainer.Step, r.setup.Score.Name)
	return err
}
