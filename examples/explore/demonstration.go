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
	size
	gpt     models.GPT
	params  *graph.Params
	trainer *train.Trainer
	eval    *graph.Program
	learn   *data.Windows
	shown   *data.Windows // the same batches, for the page
	held    *data.Windows
	history *page.History
	step    *page.Step

	mu    sync.Mutex
	saved map[int]*graph.Params
	at    []int // steps of the checkpoints
}

// size holds the sizes of the demonstration.
type size struct {
	words, rows, context, layers, heads, dim, steps int
}

// defaultSize returns the sizes of examples/gpt.
func defaultSize(steps int) size { return size{1024, 12, 64, 4, 4, 128, steps} }

// every returns the number of steps between evaluations.
func (s size) every() int { return max(1, min(100, s.steps/3)) }

// demonstration makes a GPT, its data and its Trainer.
func demonstration(s size, history *page.History) (shown, error) {
	book, err := goroot.Opticks()
	if err != nil {
		return shown{}, err
	}
	tok, err := trainer.BPE{VocabSize: s.words}.TrainFiles(book)
	if err != nil {
		return shown{}, err
	}
	cuts, err := inside.Cutters(vocabulary.Files(textfile.Set{Paths: []string{book}}))
	if err != nil {
		return shown{}, err
	}
	corpus, err := data.Text{Paths: []string{book}, Encoder: tok}.Corpus()
	if err != nil {
		return shown{}, err
	}
	d := &demo{
		size: s, gpt: models.GPT{Vocab: tok.VocabSize(), Context: s.context, Layers: s.layers, Heads: s.heads, Dim: s.dim},
		params: graph.NewParams(tensor.Float32, 1), history: history, saved: map[int]*graph.Params{},
	}
	d.Model = &inside.Model{Model: d.gpt, Tokenizer: tok, Cuts: cuts, Steps: d.list, Load: d.load, Examples: d.examples}
	if err := d.build(corpus); err != nil {
		return shown{}, err
	}
	if err := d.save(0); err != nil {
		return shown{}, err
	}
	history.Begin(s.steps)
	return shown{d.Model, history, d.step, d.train}, d.Renew(0, d.params)
}

// build makes the batches, the Programs and the Trainer.
func (d *demo) build(corpus *data.Corpus) error {
	learn, held, err := corpus.Split(0.9)
	if err != nil {
		return err
	}
	d.learn, d.shown, d.held = learn.Batches(d.rows, d.context), learn.Batches(d.rows, d.context), held.Sequential(d.rows, d.context)
	loss := d.gpt.Loss(d.rows, d.context)
	step, err := graph.Build(d.params, graph.Train, loss)
	if err != nil {
		return err
	}
	d.trainer = &train.Trainer{
		Program: step, Optimizer: &train.AdamW{WeightDecay: 0.1}, Rate: train.Cosine(2e-3, 2e-4, min(50, d.steps/10), d.steps), Clip: 1, Until: d.steps,
	}
	d.step = page.NewStep(step)
	d.eval, err = graph.Build(d.params, graph.Eval, loss)
	return err
}

// list returns the steps of the checkpoints.
func (d *demo) list() []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]int{}, d.at...)
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
	d.saved[step], d.at = copied, append(d.at, step)
	return nil
}

// examples returns the windows of a step: its batch is a function of its number.
func (d *demo) examples(step int) ([]inside.Example, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return inside.Examples(d.shown, step, 1, d.steps)
}

// train trains until done, and tells the page.
func (d *demo) train(done <-chan struct{}) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		<-done
		cancel()
	}()
	parts := page.NewParts(d.trainer.Program, 0, d.steps)
	for r, err := range d.trainer.Steps(ctx, d.learn) {
		if err != nil {
			return err
		}
		d.history.Step(r, parts.After(r.Step))
		d.step.Between()
		if r.Step%d.every() == 0 || r.Step == d.steps {
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
	d.step.End()
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
