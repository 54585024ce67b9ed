package job

import (
	"context"
	"fmt"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// Step logs the report of a step and shows it.
func (r *Run) Step(s train.Report) {
	var parts []page.Part
	if r.leads() {
		parts = r.parts.After(s.Step)
		r.fail(r.watchable.Parts(s.Step, parts))
		r.fail(r.log.Step(s))
		r.fail(r.sums.add(s.Step, sumOfWeights(r.setup.Trainer.Program.Params())))
	}
	r.measured(report.StepValues(s)...)
	if s.Skipped {
		r.Note("step %d: skipped: the norm of the gradients is %.3g (-skip-outliers %g)", s.Step, s.GradNorm, r.setup.Trainer.Skip)
	}
	if r.headline.step(r, s) {
		r.show.Step(s)
	}
	r.watched.step(r, s, parts)
}

// Due reports whether it is time to evaluate and to save.
func (r *Run) Due() bool {
	step := r.setup.Trainer.Step
	return step%r.EvalEvery == 0 || step == r.Steps
}

// SampleDue reports whether it is time for a sample. If SampleEvery is 0, it returns false. Only rank 0 shows samples. Until Sample, the
// model holds the average of the weights if the optimizer keeps one.
func (r *Run) SampleDue() bool {
	due := r.leads() && r.SampleEvery > 0 && r.setup.Trainer.Step%r.SampleEvery == 0
	if a, ok := r.averaging(); due && ok {
		r.fail(a.Eval(r.setup.Trainer.Program.ValueGrads()))
	}
	return due
}

// Sample shows a sample of the model's output after the current step.
func (r *Run) Sample(text string) {
	if a, ok := r.averaging(); ok {
		r.fail(a.Train(r.setup.Trainer.Program.ValueGrads()))
	}
	r.Note("step %d: %s", r.setup.Trainer.Step, text)
	if r.leads() {
		r.fail(r.watchable.Sample(r.setup.Trainer.Step, text))
	}
	if r.watched != nil {
		r.watched.history.Sample(r.setup.Trainer.Step, text)
	}
}

// Evaluate scores the held-out data, shows the result and logs it. On a signal it stops after the current batch and returns an
// Evaluation without targets. The run repeats the evaluation when it resumes.
func (r *Run) Evaluate() Evaluation {
	if r.interruptedAnywhere() || r.err != nil {
		return Evaluation{}
	}
	var e evaluated
	err := r.averaged(func() (err error) {
		e, err = r.evaluate()
		return err
	})
	if err == nil && r.NoiseScale > 0 {
		tr := r.setup.Trainer
		e.noise, err = train.MeasureNoise(r.signals, tr.Program, r.setup.Batches, tr.Batch, r.NoiseScale)
	}
	if err != nil {
		if r.group != nil && errors.Is(err, context.Canceled) {
			r.interrupt() // another rank was
		}
		if r.signals.Err() == nil {
			r.fail(err)
		}
		return Evaluation{}
	}
	r.tell(e)
	return e.Evaluation
}

// evaluated holds all results of an evaluation.
type evaluated struct {
	Evaluation
	sets  []train.Evaluation // of Setup.Sets
	noise train.Noise
}

func (r *Run) evaluate() (e evaluated, err error) {
	together := func(h Held) (train.Evaluation, error) {
		return train.EvaluateTogether(r.signals, r.group, r.setup.Eval, watched{h, &r.show}, h.Len())
	}
	if e.Evaluation.Evaluation, err = together(r.setup.Held); err == nil {
		e.Score, err = r.score(e.Evaluation.Evaluation)
	}
	for _, s := range r.setup.Sets {
		if err != nil {
			break
		}
		var more train.Evaluation
		more, err = together(s.Held)
		e.sets, err = append(e.sets, more), errors.WithMessagef(err, "held-out data %s", s.Name)
	}
	return e, err
}

// describe returns the results of an evaluation. A perplexity is shown only for tokens, and an accuracy only for a loss with targets.
func (r *Run) describe(e Evaluation) string {
	text := fmt.Sprintf("loss %.4f", e.Loss)
	if r.Unit == "" && e.Loss < 20 {
		text += fmt.Sprintf(", perplexity %.2f", e.Perplexity())
	}
	if r.setup.Eval.Output("logits") != nil && r.setup.Score.Name != Accuracy.Name {
		text += fmt.Sprintf(", accuracy %.4f", e.Accuracy)
	}
	text += scoreText(r.setup.Score.saved(e.Score))
	return text + fmt.Sprintf(" on %d %s", e.Tokens, r.unit())
}

// watched is held-out data that shows the progress of an evaluation.
type watched struct {
	Held
	show *report.Progress
}

// Batch implements train.Source.
func (w watched) Batch(i int) (graph.Feed, error) {
	w.show.Part("evaluation", i+1, w.Len())
	return w.Held.Batch(i)
}

// Save saves a checkpoint of the run. It reports whether the run must end, because of early stopping, a signal or an error. An
// evaluation without targets has no loss. In a dry run or a verification Save does nothing and returns true.
func (r *Run) Save(e Evaluation) (ended bool) {
	if r.err != nil || r.Rehearses() {
		return true
	}
	if e.Tokens > 0 {
		if r.scored = r.setup.Trainer.Step; r.state.Stop.Stop(r.setup.Score.value(e)) {
			r.end()
		}
		r.observe(r.setup.Score.value(e))
	}
	r.state.Pending = e.Tokens == 0 && r.Due()
	r.fail(r.averaged(func() error { return r.save(e) }))
	return r.interruptedAnywhere() || r.loop.Err() != nil
}

// save saves a checkpoint. A loss of nil means that it was not measured.
func (r *Run) save(e Evaluation) error {
	moments, err := r.setup.Trainer.Moments()
	if err != nil {
		return err
	}
	r.state.Trainer, r.state.Plateau = r.setup.Trainer.State, r.setup.Trainer.Plateau
	if !r.leads() {
		r.saved = r.state.Trainer.Step
		return nil
	}
	if err := first(r.log.Sync(), r.watchable.Sync(), r.syncRecorders(), r.sums.sync()); err != nil {
		return err
	}
	c := checkpoints.Checkpoint{Step: r.state.Trainer.Step, Model: r.model(), Optimizer: moments, State: r.state}
	if e.Tokens > 0 {
		c.Loss, c.Score = &e.Loss, r.setup.Score.saved(e.Score)
	}
	if _, err = r.saves.Save(c); err == nil {
		r.saved = r.state.Trainer.Step
		r.watched.checkpoint(r)
	}
	return err
}

// model returns the contents of a model folder in Hugging Face's layout.
func (r *Run) model() checkpoints.Model {
	return checkpoints.Model{Config: r.setup.Config, Weights: r.weights(), Files: r.setup.Files, Adapter: r.setup.Adapter}
}

// weights returns the weights that checkpoints hold.
func (r *Run) weights() checkpoints.Tensors {
	if r.setup.Weights != nil {
		return r.setup.Weights
	}
	return r.setup.Trainer.Program.Params().All()
}

// fail keeps the first error and ends the loop. If err is nil, it does nothing.
func (r *Run) fail(err error) {
	if err == nil || r.err != nil {
		return
	}
	r.err = err
	r.end()
}

// interrupted reports whether a signal came before the end of the run.
func (r *Run) interrupted() bool {
	return r.signals.Err() != nil && (r.setup.Trainer.Step < r.Steps || r.state.Pending) && !r.stopped()
}

// stopped reports whether early stopping has ended the run.
func (r *Run) stopped() bool {
	return r.state.Stop.Patience > 0 && r.state.Stop.Since >= r.state.Stop.Patience
}
