package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// job is a run that is set up: a model, its Programs over the same weights, and how they are trained.
type job struct {
	*options
	tok            vocabulary
	model          models.GPT
	params         *graph.Params
	step, eval     *graph.Program
	adam           *train.AdamW
	trainer        train.Trainer
	stop           train.EarlyStopping
	run            checkpoints.Run
	learning, held *train.Corpus
}

// learn trains a model on text and saves it.
func learn(o *options) error {
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

	batches, saved := j.learning.Batches(o.batch, o.context), j.trainer.Step
	batches.Seed = o.seed
	for r, err := range j.trainer.Steps(ctx, batches) {
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
		e, err := j.evaluate()
		if err != nil {
			return err
		}
		show.Note("step %d: validation loss %.4f, perplexity %.2f", r.Step, e.Loss, e.Perplexity())
		if err := log.Evaluation(r.Step, e); err != nil {
			return err
		}
		ended := j.stop.Stop(e.Loss)
		if err := j.save(e.Loss); err != nil {
			return err
		}
		if saved = r.Step; ended {
			break
		}
	}
	show.Done()
	if saved != j.trainer.Step { // interrupted between two evaluations
		if err := j.save(0); err != nil {
			return err
		}
	}
	if ctx.Err() != nil && j.trainer.Step == 0 {
		fmt.Println("stopped before the first step: nothing to save")
		return nil
	}
	if ctx.Err() != nil && j.trainer.Step < o.steps {
		fmt.Printf("saved at step %d in %s: go on with -resume\n", j.trainer.Step, o.out)
		return nil
	}
	return j.finish()
}

// prepare sets a run up, or a saved one as it was.
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
		return nil, errors.Errorf("%s holds a run of %d steps: go on with -resume, or choose another -out", o.out, last.Step)
	}
	if j.tok, j.learning, j.held, err = o.text(); err != nil {
		return nil, err
	}
	if err := j.build(); err != nil {
		return nil, err
	}
	if o.resume {
		return j, j.resume(last)
	}
	return j, nil
}

// build makes the model, its Programs and the Trainer.
func (j *job) build() (err error) {
	j.model = j.gpt(j.tok.VocabSize())
	loss := j.model.Loss(j.batch, j.context)
	j.params = graph.NewParams(tensor.Float32, j.seed)
	if j.step, err = graph.Build(j.params, graph.Train, loss); err != nil {
		return err
	}
	if j.eval, err = graph.Build(j.params, graph.Eval, loss); err != nil {
		return err
	}
	j.adam = &train.AdamW{Beta2: j.beta2, WeightDecay: j.decay}
	j.trainer = train.Trainer{
		Program:      j.step,
		Optimizer:    j.adam,
		Rate:         train.Cosine(j.lr, j.minLR, j.warmup, j.steps),
		Clip:         j.clip,
		Until:        j.steps,
		MicroBatches: j.microBatches,
	}
	j.stop = train.EarlyStopping{Patience: j.patience}
	fmt.Printf("%d parameters, %d tokens to learn from, %d held out, vocabulary of %d\n",
		j.params.Size(), j.learning.Len(), j.held.Len(), j.tok.VocabSize())
	return nil
}

// evaluate scores all that is held out.
func (j *job) evaluate() (train.Evaluation, error) {
	all := j.held.Sequential(j.batch, j.context)
	return train.Evaluate(j.eval, all, all.Len())
}

// save makes a checkpoint; a loss of 0 stands for none.
func (j *job) save(loss float64) error {
	_, err := j.run.Save(checkpoints.Checkpoint{
		Step: j.trainer.Step, Loss: loss, Model: j.folder(), Optimizer: j.adam.State(), State: runState{j.trainer.State, j.stop, j.learning.Len()},
	})
	return err
}

// finish makes -out the folder of the best model and draws the losses.
func (j *job) finish() error {
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
	fmt.Printf("saved the model of step %d in %s, its losses in %s\nbest validation loss %.4f\n",
		best.Step, j.out, filepath.Join(j.out, "loss.png"), best.Loss)
	return nil
}

// text reads the text, trains or loads the tokenizer, and holds out the last tenth.
func (o *options) text() (tok vocabulary, learning, held *train.Corpus, err error) {
	if o.data == "" {
		if o.data, err = opticks(); err != nil {
			return tok, nil, nil, err
		}
	}
	if tok, err = o.vocabulary(); err != nil {
		return tok, nil, nil, err
	}
	if err := os.MkdirAll(o.out, 0o777); err != nil {
		return tok, nil, nil, errors.WithStack(err)
	}
	corpus, err := train.Text{
		Paths: []string{o.data}, Encoder: tok,
		File: filepath.Join(o.out, "tokens.bin"), Fingerprint: fmt.Sprintf("%x", sha256.Sum256(tok.data)),
	}.Corpus()
	if err != nil {
		return tok, nil, nil, err
	}
	learning, held, err = corpus.Split(0.9)
	return tok, learning, held, err
}

func (o *options) gpt(vocab int) models.GPT {
	return models.GPT{
		Vocab: vocab, Context: o.context, Layers: o.layers, Heads: o.heads, Dim: o.dim,
		EmbedDropout: o.dropout, Dropout: o.dropout, AttnDropout: o.dropout,
	}
}

// runState is trainer_state.json.
type runState struct {
	Trainer train.State         `json:"trainer"`
	Stop    train.EarlyStopping `json:"early_stopping"`
	Data    int                 `json:"data"` // tokens to learn from
}

// folder is a model folder in Hugging Face's layout.
func (j *job) folder() checkpoints.Model {
	return checkpoints.Model{Config: j.model, Weights: j.params.All(), Files: map[string][]byte{j.tok.file: j.tok.data}}
}

// resume puts everything where a saved run was.
func (j *job) resume(from checkpoints.Saved) error {
	var was models.GPT
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
	if n := j.learning.Len(); n != state.Data {
		return errors.Errorf("%s learns from %d tokens, the data given have %d: resume with the data of the run, or choose another -out", from.Dir, state.Data, n)
	}
	j.stop = state.Stop
	j.stop.Patience = j.patience
	return j.trainer.Resume(state.Trainer, moments)
}
