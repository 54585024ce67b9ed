package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// training is a model, the Programs over its weights, and its training.
type training struct {
	*options
	text           string // -data or its default
	tok            vocabulary.Vocabulary
	model          models.GPT
	params         *graph.Params
	learning, held *data.Corpus
	batches        *data.Windows
	trainer        *train.Trainer
	setup          job.Setup
}

// prepare reads the text, the tokenizer and the model, and builds the Programs.
func prepare(o *options, run *job.Run) (*training, error) {
	t := &training{options: o}
	from, resumed := run.Resumed()
	if !resumed {
		from = o.init
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := t.size(from, resumed); err != nil {
		return nil, err
	}
	if err := t.read(from, run); err != nil {
		return nil, err
	}
	if from == "" {
		t.model = o.gpt(t.tok.VocabSize())
	}
	if n := t.tok.VocabSize(); n > t.model.Vocab {
		return nil, errors.Errorf("the tokenizer has %d tokens, the model in %s has %d", n, from, t.model.Vocab)
	}
	if err := t.build(resumed, run); err != nil {
		return nil, err
	}
	t.describe()
	return t, nil
}

// size reads the model of the folder from, unless that is "", and sets the size flags to the model's sizes.
func (t *training) size(from string, resumed bool) (err error) {
	if from == "" {
		return nil
	}
	if err := t.config(from, resumed); err != nil {
		return err
	}
	if t.given["dropout"] || !resumed && t.dropout > 0 {
		t.model.EmbedDropout, t.model.Dropout, t.model.AttnDropout = t.dropout, t.dropout, t.dropout
	}
	if resumed {
		return nil
	}
	if t.given["tokenizer"] {
		return errors.Errorf("-tokenizer is %s, but the model of -init %s has its own: leave the flag out", t.vocabulary.Name, from)
	}
	for _, f := range []struct {
		name       string
		flag       *int
		value, low int
	}{
		{"layers", &t.layers, t.model.Layers, t.model.Layers}, {"heads", &t.heads, t.model.Heads, t.model.Heads},
		{"dim", &t.dim, t.model.Dim, t.model.Dim}, {"context", &t.context, t.model.Context, 1},
	} {
		if !t.given[f.name] {
			*f.flag = f.value
		} else if *f.flag < f.low || *f.flag > f.value {
			return errors.Errorf("-%s is %d, the model of -init %s has %d: leave the flag out", f.name, *f.flag, from, f.value)
		}
	}
	return nil
}

// config reads the configuration of a checkpoint as the run wrote it, and of any other model as Hugging Face does.
func (t *training) config(from string, resumed bool) (err error) {
	if resumed {
		return checkpoints.ReadConfig(from, &t.model)
	}
	if err := flags.Model("init", from); err != nil {
		return err
	}
	t.model, err = folder.GPT(from)
	return err
}

// read reads the text, trains or loads the tokenizer, and holds out the last tenth.
func (t *training) read(from string, run *job.Run) (err error) {
	if t.text = t.data; t.text == "" {
		if t.text, err = goroot.Opticks(); err != nil {
			return err
		}
	}
	text := textfile.Set{Paths: []string{t.text}, Encoding: t.encoding}
	if t.tok, err = t.vocabulary.Open(from, vocabulary.Files(text)); err != nil {
		return err
	}
	fingerprint, err := t.tok.Fingerprint()
	if err != nil {
		return err
	}
	corpus, err := data.Text{
		Paths: text.Paths, Encoding: text.Encoding, Encoder: t.tok, File: run.File("tokens.bin"), Fingerprint: fingerprint,
	}.Corpus()
	if err != nil {
		return err
	}
	if t.setup.Data, err = corpus.Key(); err != nil {
		return err
	}
	t.learning, t.held, err = split(corpus)
	return err
}

// build makes the Programs and the Trainer.
func (t *training) build(resumed bool, run *job.Run) error {
	loss := t.model.Loss(t.batch, t.context)
	t.params = graph.NewParams(tensor.Float32, t.Seed)
	for _, pattern := range t.frozen() {
		t.params.Freeze(pattern) // so that Require counts only trained weights
	}
	if err := run.Require(func(m graph.Mode) (graph.Requirements, error) { return graph.Estimate(t.params, m, loss) }); err != nil {
		return err
	}
	eval, err := graph.Build(t.params, graph.Eval, loss)
	if err != nil {
		return err
	}
	if t.init != "" && !resumed {
		if err := folder.LoadGPT(t.init, t.model, t.params.All()); err != nil {
			return err
		}
	}
	for _, pattern := range t.frozen() {
		if t.params.Freeze(pattern) == 0 {
			return errors.Errorf("-freeze: no weight matches %q: weights have names such as wte.weight and h.0.attn.c_attn.weight", pattern)
		}
	}
	step, err := graph.Build(t.params, graph.Train, loss)
	if err != nil {
		return err
	}
	t.trainer = &train.Trainer{
		Program: step, Optimizer: t.AdamW(), Rate: t.Rate(t.Steps), Clip: t.Clip, Until: t.Steps, MicroBatches: t.MicroBatches,
	}
	t.batches = t.learning.Batches(t.batch, t.context)
	t.batches.Seed = t.Seed
	t.setup.Trainer, t.setup.Batches, t.setup.Eval = t.trainer, t.batches, eval
	scored := t.held.Sequential(t.batch, t.context)
	scored.Spread = t.EvalTokens
	t.setup.Held = scored
	return nil
}

// frozen returns the patterns of -freeze.
func (o *options) frozen() (patterns []string) {
	for pattern := range strings.SplitSeq(o.freeze, ",") {
		if o.freeze != "" {
			patterns = append(patterns, strings.TrimSpace(pattern))
		}
	}
	return patterns
}

// describe sets the first line of the run, its next command and the files of its folder.
func (t *training) describe() {
	t.setup.Config = t.model
	t.setup.Files = t.tok.Files
	t.setup.About = message.NewPrinter(language.English).Sprintf("a GPT of %d parameters with a vocabulary of %d on %d tokens of %s, %d held out",
		t.params.Size(), t.model.Vocab, t.learning.Len(), filepath.Base(t.text), t.held.Len())
	t.setup.Next = fmt.Sprintf("%s -model %s", flags.Call("gpt", "generate"), t.Out)
}

// gpt returns a model of the sizes in the flags.
func (o *options) gpt(vocab int) models.GPT {
	return models.GPT{
		Vocab: vocab, Context: o.context, Layers: o.layers, Heads: o.heads, Dim: o.dim,
		EmbedDropout: o.dropout, Dropout: o.dropout, AttnDropout: o.dropout,
	}
}
