package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// job is a run: a model, its Programs over the same weights, and its Trainer.
type job struct {
	*options
	tok                  vocabulary
	model                models.Classifier
	params               *graph.Params
	step, eval           *graph.Program
	adam                 *train.AdamW
	trainer              train.Trainer
	stop                 train.EarlyStopping
	run                  checkpoints.Run
	learning, held, test data.Rows
}

// learn trains a model on labelled texts, saves it and scores it.
func learn(w io.Writer, o *options) error {
	j, err := prepare(o)
	if err != nil {
		return err
	}
	log, err := report.OpenLog(filepath.Join(o.out, "log.csv"), j.trainer.Step)
	if err != nil {
		return err
	}
	defer log.Close()
	show := report.Progress{Until: o.steps}
	defer show.Done()
	ctx, restore := train.UntilInterrupt(context.Background())
	defer restore()

	saved := j.trainer.Step
	for r, err := range j.trainer.Steps(ctx, j.batches()) {
		if err != nil {
			return err
		}
		show.Step(r)
		if err := log.Step(r); err != nil {
			return err
		}
		if r.Step%o.evalEvery != 0 && r.Step != o.steps {
			continue
		}
		e, err := j.evaluate(ctx)
		if err != nil {
			return err
		}
		show.Note("step %d: validation loss %.4f, accuracy %.4f", r.Step, e.Loss, e.Accuracy)
		if err := log.Evaluation(r.Step, e); err != nil {
			return err
		}
		ended := j.stop.Stop(e.Loss)
		if err := j.save(&e.Loss); err != nil {
			return err
		}
		if saved = r.Step; ended {
			break
		}
	}
	show.Done()
	if saved != j.trainer.Step { // interrupted between two evaluations
		if err := j.save(nil); err != nil {
			return err
		}
	}
	if ctx.Err() != nil && j.trainer.Step == 0 {
		fmt.Println("stopped before the first step: nothing to save")
		return nil
	}
	if ctx.Err() != nil && j.trainer.Step < o.steps {
		fmt.Printf("saved at step %d in %s: resume with -resume\n", j.trainer.Step, o.out)
		return nil
	}
	return j.finish(w)
}

// prepare sets up a new run, or restores a saved one.
func prepare(o *options) (*job, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	j := &job{options: o, run: checkpoints.Run{Dir: filepath.Join(o.out, "checkpoints"), Keep: o.keep}}
	last, err := j.run.Latest()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		o.resume = false
	case err != nil:
		return nil, err
	case o.resume:
		o.tokenizer = last.Dir
	default:
		return nil, errors.Errorf("%s holds a run of %d steps: resume it with -resume, or choose another -out", o.out, last.Step)
	}
	if err := j.encode(); err != nil {
		return nil, err
	}
	if err := j.build(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return nil, errors.WithStack(err)
	}
	if o.resume {
		return j, j.resume(last)
	}
	return j, nil
}

// encode reads the texts, trains or loads the tokenizer, and makes rows of the texts, cut to the tokens that the model sees.
func (j *job) encode() error {
	t, err := j.texts()
	if err != nil {
		return err
	}
	all := func(yield func(string) bool) {
		for _, x := range t.learning {
			if !yield(x.Text) {
				return
			}
		}
	}
	if j.tok, err = j.vocabulary(all); err != nil {
		return err
	}
	for _, part := range []struct {
		name  string
		texts []data.LabelledText
		rows  *data.Rows
	}{{"to learn from", t.learning, &j.learning}, {"held out", t.held, &j.held}, {"to test", t.test, &j.test}} {
		if *part.rows, err = j.tok.rows(part.texts, t.labels); err != nil {
			return errors.WithMessagef(err, "texts %s", part.name)
		}
	}
	context := j.maxTokens
	if context == 0 {
		context = longest(j.learning)
	}
	j.model = j.classifier(j.tok.VocabSize(), context, t.labels)
	cut, cutHeld, cutTest := 0, 0, 0
	j.learning, cut = j.learning.Truncate(context)
	j.held, cutHeld = j.held.Truncate(context)
	j.test, cutTest = j.test.Truncate(context)
	if cut+cutHeld+cutTest > 0 {
		fmt.Printf("cut to %d tokens: %d texts to learn from, %d held out, %d to test\n", context, cut, cutHeld, cutTest)
	}
	return nil
}

// build makes the Programs and the Trainer.
func (j *job) build() (err error) {
	size := j.size()
	loss := j.model.Loss(size.B, size.T)
	j.params = graph.NewParams(tensor.Float32, j.seed)
	if j.step, err = graph.Build(j.params, graph.Train, loss); err != nil {
		return err
	}
	if j.eval, err = graph.Build(j.params, graph.Eval, loss); err != nil {
		return err
	}
	j.adam = &train.AdamW{Beta2: j.beta2, WeightDecay: j.decay}
	j.trainer = train.Trainer{
		Program:   j.step,
		Optimizer: j.adam,
		Rate:      train.Cosine(j.lr, j.minLR, j.warmup, j.steps),
		Clip:      j.clip,
		Until:     j.steps,
	}
	j.stop = train.EarlyStopping{Patience: j.patience}
	fmt.Printf("%d parameters, %d texts to learn from, %d held out, %d labels, vocabulary of %d, up to %d tokens\n",
		j.params.Size(), len(j.learning), len(j.held), len(j.model.Labels), j.tok.VocabSize(), size.T)
	return nil
}

// batches deals the texts to learn from in random order.
func (j *job) batches() *data.RowBatches {
	b := j.learning.Batches(j.size())
	b.Seed = j.seed
	return b
}

// evaluate scores all held-out texts.
func (j *job) evaluate(ctx context.Context) (train.Evaluation, error) {
	all := j.held.Sequential(j.size())
	return train.Evaluate(ctx, j.eval, all, all.Len())
}

// save makes a checkpoint; nil is no loss.
func (j *job) save(loss *float64) error {
	_, err := j.run.Save(checkpoints.Checkpoint{
		Step: j.trainer.Step, Loss: loss, Model: j.folder(), Optimizer: j.adam.State(), State: runState{j.trainer.State, j.stop, len(j.learning)},
	})
	return err
}

// finish makes -out the folder of the best model, draws the losses and scores the test.
func (j *job) finish(w io.Writer) error {
	if err := report.Plot(filepath.Join(j.out, "log.csv"), filepath.Join(j.out, "loss.png")); err != nil {
		return err
	}
	best, err := j.run.Best()
	if err != nil {
		return err
	}
	if err := checkpoints.LoadWeights(best.Dir, j.params.All(), checkpoints.Rules{}); err != nil {
		return err
	}
	if err := checkpoints.SaveModel(j.out, j.folder()); err != nil {
		return err
	}
	fmt.Fprintf(w, "saved the model of step %d in %s, its losses in %s\nbest validation loss %.4f\n\n",
		best.Step, j.out, filepath.Join(j.out, "loss.png"), best.Loss)
	return score(w, j.eval, j.test, j.size(), j.model.Labels)
}

// size is the shape of a batch. Short rows are padded with the start token, which has no influence there.
func (j *job) size() data.RowSize {
	return data.RowSize{B: j.batch, T: j.model.Context, Pad: j.tok.start}
}

func (o *options) classifier(vocab, context int, labels []string) models.Classifier {
	return models.Classifier{
		Vocab: vocab, Context: context, Layers: o.layers, Heads: o.heads, Dim: o.dim, Hidden: o.hidden, Labels: labels, NormFirst: !o.postNorm,
		Positions: o.positions, Pooling: o.pooling, TokenDropout: o.tokenDropout, Dropout: o.dropout, LabelSmoothing: o.smoothing,
	}
}

// runState is trainer_state.json.
type runState struct {
	Trainer train.State         `json:"trainer"`
	Stop    train.EarlyStopping `json:"early_stopping"`
	Data    int                 `json:"data"` // texts to learn from
}

// folder returns the content of a model folder in Hugging Face's layout.
func (j *job) folder() checkpoints.Model {
	return checkpoints.Model{Config: j.model, Weights: j.params.All(), Files: j.tok.files}
}

// resume restores the state of a saved run.
func (j *job) resume(from checkpoints.Saved) error {
	var was models.Classifier
	if err := checkpoints.ReadConfig(from.Dir, &was); err != nil {
		return err
	}
	then, err := json.Marshal(was)
	if err != nil {
		return err
	}
	now, err := json.Marshal(j.model)
	if err != nil {
		return err
	}
	if !bytes.Equal(then, now) {
		return errors.Errorf("%s is of another model: it is %s, the flags say %s", from.Dir, then, now)
	}
	var state runState
	moments, err := from.Load(j.params.All(), &state)
	if err != nil {
		return err
	}
	if n := len(j.learning); n != state.Data {
		return errors.Errorf("%s learns from %d texts, the data given have %d: resume with the data of the run, or choose another -out", from.Dir, state.Data, n)
	}
	j.stop = state.Stop
	j.stop.Patience = j.patience
	return j.trainer.Resume(state.Trainer, moments)
}
