package main

import (
	"flag"
	"io"
	"path/filepath"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// gptRun is a run as examples/gpt makes it, with its own folder, log, checkpoints and page.
type gptRun struct {
	*job.Run
	setup job.Setup
}

// openGPT starts a run that learns from a text. The lines about it go to w.
func openGPT(o *job.Options, s size, text string, w io.Writer) (g *gptRun, err error) {
	learning := job.Learning{LR: 2e-3, Beta2: 0.99, Clip: 1, Seed: 1}
	f := flag.NewFlagSet("gpt", flag.ContinueOnError)
	o.Flags(f)
	learning.Flags(f)
	f.Int("batch", s.rows, "")
	f.Int("context", s.context, "")
	run, err := job.Open(o, job.Program{Name: "gpt", Flags: f, W: w})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			run.Close()
		}
	}()
	tok, err := trainer.BPE{VocabSize: s.words}.TrainFiles(text)
	if err != nil {
		return nil, err
	}
	corpus, err := data.Text{Paths: []string{text}, Encoder: tok, File: filepath.Join(o.Out, "tokens.bin"), Fingerprint: "test"}.Corpus()
	if err != nil {
		return nil, err
	}
	learn, held, err := corpus.Split(0.9)
	if err != nil {
		return nil, err
	}
	gpt := models.GPT{Vocab: tok.VocabSize(), Context: 2 * s.context, Layers: s.layers, Heads: s.heads, Dim: s.dim}
	setup := job.Setup{Batches: batchesOf(learn, s), Held: held.Sequential(s.rows, s.context), Data: "test", About: "a GPT", Config: gpt}
	params, loss := graph.NewParams(tensor.Float32, 1), gpt.Loss(s.rows, s.context)
	step, err := graph.Build(params, graph.Train, loss)
	if err != nil {
		return nil, err
	}
	if setup.Eval, err = graph.Build(params, graph.Eval, loss); err != nil {
		return nil, err
	}
	if setup.Files, err = tok.ModelFiles(); err != nil {
		return nil, err
	}
	setup.Trainer = &train.Trainer{Program: step, Optimizer: learning.AdamW(), Rate: learning.Rate(o.Steps), Clip: 1, Until: o.Steps}
	if o.Watch != "" {
		cuts, err := inside.Cutters(vocabulary.Files(textfile.Set{Paths: []string{text}}))
		if err != nil {
			return nil, err
		}
		setup.Inside = inside.Watched(gpt, tok, cuts, *o, 1, batchesOf(learn, s))
	}
	return &gptRun{run, setup}, run.Start(setup)
}

// batchesOf returns the batches of a run with the seed 1.
func batchesOf(learn *data.Corpus, s size) *data.Windows {
	b := learn.Batches(s.rows, s.context)
	b.Seed = 1
	return b
}
