package job

import (
	"fmt"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// Step logs the report of a step and shows it.
func (r *Run) Step(s train.Report) {
	r.fail(r.log.Step(s))
	if r.headline.step(r, s) {
		r.show.Step(s)
	}
	r.watched.step(r, s)
}

// Due reports whether it is time to evaluate and to save.
func (r *Run) Due() bool {
	step := r.setup.Trainer.Step
	return step%r.EvalEvery == 0 || step == r.Steps
}

// SampleDue reports whether it is time for a sample. If SampleEvery is 0, it returns false.
func (r *Run) SampleDue() bool {
	return r.SampleEvery > 0 && r.setup.Trainer.Step%r.SampleEvery == 0
}

// Sample shows a sample of the model's output after the current step.
func (r *Run) Sample(text string) {
	r.Note("step %d: %s", r.setup.Trainer.Step, text)
	if r.watched != nil {
		r.watched.history.Sample(r.setup.Trainer.Step, text)
	}
}

// Evaluate scores the held-out data, shows the result and logs it. On a signal it stops after the current batch and returns an
// Evaluation without targets. The run repeats the evaluation when it resumes.
func (r *Run) Evaluate() Evaluation {
	if r.err != nil || r.signals.Err() != nil {
		return Evaluation{}
	}
	e, err := r.evaluate()
	if err != nil {
		if r.signals.Err() == nil {
			r.fail(err)
		}
		return Evaluation{}
	}
	step := r.setup.Trainer.Step
	r.Note("step %d: validation %s", step, r.describe(e))
	r.fail(r.log.Evaluation(step, e.Evaluation, e.Score))
	if r.watched != nil {
		r.watched.history.Evaluation(step, e.Evaluation)
	}
	return e
}

func (r *Run) evaluate() (e Evaluation, err error) {
	e.Evaluation, err = train.Evaluate(r.signals, r.setup.Eval, watched{r.setup.Held, &r.show}, r.setup.Held.Len())
	if err == nil {
		e.Score, err = r.setup.Score.of(r.signals, e.Evaluation)
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
// evaluation without targets has no loss. In a dry run Save does nothing and returns true.
func (r *Run) Save(e Evaluation) (ended bool) {
	if r.err != nil || r.DryRun {
		return true
	}
	if e.Tokens > 0 && r.state.Stop.Stop(r.setup.Score.value(e)) {
		r.end()
	}
	r.state.Pending = e.Tokens == 0 && r.Due()
	r.fail(r.save(e))
	return r.loop.Err() != nil
}

// save saves a checkpoint. A loss of nil means that it was not measured.
func (r *Run) save(e Evaluation) error {
	if err := r.log.Sync(); err != nil {
		return err
	}
	r.state.Trainer = r.setup.Trainer.State
	c := checkpoints.Checkpoint{Step: r.state.Trainer.Step, Model: r.model(), Optimizer: r.moments.State(), State: r.state}
	if e.Tokens > 0 {
		c.Loss, c.Score = &e.Loss, r.setup.Score.saved(e.Score)
	}
	_, err := r.saves.Save(c)
	if err == nil {
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
