package main

import (
	"context"
	"sync"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// demo is a GPT that learns from a book while the page shows it. Its checkpoints are in memory.
type demo struct {
	*inside.Model
	gpt     models.GPT
	params  *graph.Params
	trainer *train.Trainer
	eval    *graph.Program
	learn   *data.Windows
	shown   *data.Windows // the same batches, for the page
	held    *data.Windows
	history *page.History

	mu    sync.Mutex
	saved map[int]*graph.Params
	steps []int
	every int // steps between evaluations
}

// Sizes of the demonstration, those of examples/gpt.
const (
	words    = 1024
	rows     = 12
	context_ = 64
)

// demonstration makes a GPT, its data and its Trainer.
func demonstration(steps int, history *page.History) (*inside.Model, *page.History, func(<-chan struct{}) error, error) {
	book, err := goroot.Opticks()
	if err != nil {
		return nil, nil, nil, err
	}
	tok, err := trainer.BPE{VocabSize: words}.TrainFiles(book)
	if err != nil {
		return nil, nil, nil, err
	}
	corpus, err := data.Text{Paths: []string{book}, Encoder: tok}.Corpus()
	if err != nil {
		return nil, nil, nil, err
	}
	learn, held, err := corpus.Split(0.9)
	if err != nil {
		return nil, nil, nil, err
	}
	d := &demo{
		gpt:    models.GPT{Vocab: tok.VocabSize(), Context: context_, Layers: 4, Heads: 4, Dim: 128},
		params: graph.NewParams(tensor.Float32, 1), history: history, every: max(1, min(100, steps/3)), saved: map[int]*graph.Params{},
		learn: learn.Batches(rows, context_), shown: learn.Batches(rows, context_), held: held.Sequential(rows, context_),
	}
	step, err := graph.Build(d.params, graph.Train, d.gpt.Loss(rows, context_))
	if err != nil {
		return nil, nil, nil, err
	}
	if d.eval, err = graph.Build(d.params, graph.Eval, d.gpt.Loss(rows, context_)); err != nil {
		return nil, nil, nil, err
	}
	d.trainer = &train.Trainer{
		Program: step, Optimizer: &train.AdamW{WeightDecay: 0.1}, Rate: train.Cosine(2e-3, 2e-4, min(50, steps/10), steps), Clip: 1, Until: steps,
	}
	cuts, err := inside.Cutters(vocabulary.Files(textfile.Set{Paths: []string{book}}))
	if err != nil {
		return nil, nil, nil, err
	}
	d.Model = &inside.Model{Model: d.gpt, Tokenizer: tok, Cuts: cuts, Steps: d.list, Load: d.load, Examples: d.examples}
	if err := d.save(0); err != nil {
		return nil, nil, nil, err
	}
	history.Begin(steps)
	return d.Model, history, d.train, d.Renew(0, d.params)
}

// list returns the steps of the checkpoints.
func (d *demo) list() []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]int{}, d.steps...)
}

// load copies the weights of a checkpoint.
func (d *demo) load(step int, params *graph.Params) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return inspect.Copy(params, d.saved[step])
}

// save keeps a copy of the weights.
func (d *demo) save(step int) error {
	copied := graph.NewParams(tensor.Float32, 1)
	if _, err := graph.Build(copied, graph.Eval, d.gpt.Logits(1, 1)); err != nil {
		return err
	}
	if err := inspect.Copy(copied, d.params); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.saved[step], d.steps = copied, append(d.steps, step)
	return nil
}

// examples returns the windows of a step: its batch is a function of its number.
func (d *demo) examples(step int) ([]inside.Example, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return inside.Examples(d.shown, step, 1, d.trainer.Until)
}

// train trains until done, and tells the page.
func (d *demo) train(done <-chan struct{}) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-done
		cancel()
	}()
	parts := page.NewParts(d.trainer.Program)
	for r, err := range d.trainer.Steps(ctx, d.learn) {
		if err != nil {
			return err
		}
		d.history.Step(r, parts.After(r.Step, d.trainer.Until))
		if r.Step%d.every == 0 || r.Step == d.trainer.Until {
			if err := d.evaluate(ctx, r.Step); err != nil {
				return err
			}
		}
		if d.Wanted() && r.Step%20 == 0 {
			if err := d.Renew(r.Step, d.params); err != nil {
				return err
			}
		}
	}
	d.history.End()
	<-done
	return nil
}

// evaluate scores the held-out text, writes a sample and keeps the weights.
func (d *demo) evaluate(ctx context.Context, step int) error {
	e, err := train.Evaluate(ctx, d.eval, d.held, d.held.Len())
	if ctx.Err() != nil {
		return nil
	}
	if err != nil {
		return err
	}
	d.history.Evaluation(step, e)
	text, err := d.sample()
	if err != nil {
		return err
	}
	d.history.Sample(step, text)
	if err := d.save(step); err != nil {
		return err
	}
	if err := d.Renew(step, d.params); err != nil {
		return err
	}
	d.history.Checkpoint(step)
	return nil
}

// sample continues the beginning of a sentence.
func (d *demo) sample() (string, error) {
	prompt, err := d.Tokenizer.Encode("The rays of light")
	if err != nil {
		return "", err
	}
	decoder, err := generate.NewDecoder(d.params, d.gpt, 1)
	if err != nil {
		return "", err
	}
	ids := prompt
	for id, err := range generate.Tokens(decoder, prompt, generate.Options{Tokens: 40, Temperature: 0.8, TopK: 200, Seed: 1, Slide: true}) {
		if err != nil {
			return "", err
		}
		ids = append(ids, id)
	}
	return d.Tokenizer.Decode(ids)
}
