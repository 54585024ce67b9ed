package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/corpora"
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/examples/internal/shaping"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// training is a model, its Programs over the same weights, and how they are trained.
type training struct {
	*options
	tok            encoders.Tokens
	learning, held data.Rows
	corpora        *corpora.Corpora // of -data; nil if it is text, which learning and held hold
	cut            int              // texts that were longer
	model          models.TextEncoder
	masks          data.Masking
	sizes          []data.RowSize
	params         *graph.Params
	batches        *data.MaskedBatches
	trainer        *train.Trainer
	setup          job.Setup
}

// prepare reads the text, the tokenizer and the model, and builds the Programs.
func prepare(o *options, run *job.Run) (t *training, err error) {
	t = &training{options: o}
	from, resumed := run.Resumed()
	if !resumed {
		from = o.init
	}
	if err := o.check(from == ""); err != nil {
		return nil, err
	}
	if err := t.start(from, resumed); err != nil {
		return nil, err
	}
	if err := t.read(from); err != nil {
		return nil, err
	}
	if from == "" {
		t.model = encoders.New(o.sizes(t.tok.VocabSize()), t.tok)
	}
	if n, has := t.tok.VocabSize(), encoders.SizesOf(t.model).Vocab; n > has {
		return nil, errors.Errorf("the tokenizer has %d tokens, the model in %s has %d", n, from, has)
	}
	if t.masks, err = o.masks(t.tok); err != nil {
		return nil, err
	}
	if err := t.build(run, resumed); err != nil {
		return nil, err
	}
	t.describe()
	return t, t.show()
}

// show answers the page of -watch.
func (t *training) show() (err error) {
	if t.Watch == "" {
		return nil
	}
	var cuts []inside.Cutter
	if t.corpora == nil {
		text, err := t.source.read()
		if err != nil {
			return err
		}
		if cuts, err = inside.Cutters(text.train); err != nil {
			return err
		}
	} else if cuts, err = inside.Cutters(nil); err != nil { // shards hold no text
		return err
	}
	rows, _, err := t.rows()
	if err != nil {
		return err
	}
	t.setup.Inside = inside.Watched(t.model, t.tok.Tokenizer, cuts, t.Options, t.MicroBatches, &data.MaskedBatches{Masking: t.masks, Rows: rows})
	return nil
}

// start reads the model of the folder from, unless that is "", and sets the flags of its sizes.
func (t *training) start(from string, resumed bool) (err error) {
	if from == "" {
		return nil
	}
	if resumed {
		t.model, err = encoders.ReadConfig(from)
	} else if err = flags.First(flags.Model("init", from), encoders.Init(from, "mlm")); err == nil {
		t.model, err = encoders.Open(from)
	}
	if err != nil {
		return err
	}
	t.model = t.model.Masked()
	if t.given["dropout"] {
		t.model = encoders.Drops(t.model, t.dropout)
	}
	if resumed {
		return nil
	}
	for _, name := range []string{"tokenizer", "family", "layers", "heads", "dim", "hidden"} {
		if t.given[name] {
			return errors.Errorf("-%s is %s, but the model of -init %s has its own: leave the flag out", name, t.set.Lookup(name).Value, from)
		}
	}
	s := encoders.SizesOf(t.model)
	t.family, t.layers, t.heads, t.dim, t.hidden = s.Family, s.Layers, s.Heads, s.Dim, s.Hidden
	if !t.given["context"] {
		t.context = s.Context
	} else if t.context > s.Context {
		return errors.Errorf("-context is %d, the model of -init %s sees %d tokens", t.context, from, s.Context)
	}
	return nil
}

// read reads the text, trains or loads the tokenizer, and makes rows.
func (t *training) read(from string) error {
	if t.prepared() {
		return t.readCorpora(from)
	}
	text, err := t.source.read()
	if err != nil {
		return err
	}
	t.vocabulary.MinCount, t.vocabulary.Special = int64(t.minCount), encoders.Special(t.family)
	v, err := t.vocabulary.Open(from, text.train)
	if err != nil {
		return err
	}
	if from == "" {
		if v, err = encoders.Frame(v); err != nil {
			return err
		}
	}
	if t.tok, err = encoders.NewTokens(v.Tokenizer); err != nil {
		return err
	}
	t.setup.Files = v.Files
	rows, cut, err := text.rows(t.tok, t.context)
	if err != nil {
		return err
	}
	t.cut = cut
	if t.learning, t.held, err = t.split(rows, t.Seed); err != nil {
		return err
	}
	t.setup.Data = keyOf(t.learning, t.held)
	t.sizes, err = slices.Concat(t.learning, t.held).Shapes(t.batch.Shaping(), t.tok.PAD)
	return err
}

// masks returns how words are hidden.
func (m masking) masks(tok encoders.Tokens) (masks data.Masking, err error) {
	masks = data.Masking{Vocab: tok.VocabSize(), Keep: tok.Keep(), Fraction: m.fraction}
	if masks.Mask, err = tok.Hidden(); err != nil || !m.wholeWords {
		return masks, err
	}
	masks.Inside, err = tok.Inside()
	return masks, err
}

// loss declares the model and its loss for batches of a size.
func (t *training) loss(s *graph.Scope, size data.RowSize) {
	t.model.PlacesLoss(size.B, size.T, t.masks.Places(size.T))(s)
}

// build makes the Programs and the Trainer.
func (t *training) build(run *job.Run, resumed bool) error {
	if err := t.adapt(); err != nil {
		return err
	}
	frozen := flags.List(t.freeze)
	for _, pattern := range frozen {
		t.params.Freeze(pattern) // so that Require counts only trained weights
	}
	err := run.Require(func(m graph.Mode) (graph.Requirements, error) {
		return graph.EstimateShapes(t.params, m, t.sizes, t.loss)
	})
	if err != nil {
		return err
	}
	if t.setup.Eval, err = graph.BuildShapes(t.params, graph.Eval, t.sizes, t.loss); err != nil {
		return err
	}
	if t.init != "" && (!resumed || t.lora.Given()) { // a checkpoint of an adapter lacks the base
		if err := encoders.Load(t.init, t.model, t.lora.Model(t.params), false); err != nil {
			return err
		}
	}
	if err := encoders.Freeze(t.params, frozen); err != nil {
		return err
	}
	step, err := graph.BuildShapes(t.params, graph.Train, t.sizes, t.loss)
	if err != nil {
		return err
	}
	if t.trainer, err = t.Trainer(step, t.Steps); err != nil {
		return err
	}
	if err := t.lora.Setup(&t.setup, t.params, t.model, t.init, checkpoints.Sum(t.lora.Base(t.params))); err != nil {
		return err
	}
	rows, filled, err := t.rows()
	if err != nil {
		return err
	}
	t.batches = &data.MaskedBatches{Masking: t.masks, Rows: rows}
	t.setup.Trainer, t.setup.Batches, t.setup.Held = t.trainer, t.batches, &data.MaskedBatches{Masking: t.masks, Rows: t.heldRows()}
	t.setup.Shapes = shaping.Describe(t.sizes, filled, func(z data.RowSize) string { return fmt.Sprintf("%d×%d", z.B, z.T) })
	return nil
}

// spread returns the number of texts that hold about -eval-tokens hidden tokens.
func (t *training) spread() int {
	all := 0
	for _, row := range t.held {
		all += t.masks.Places(len(row.IDs) - 2)
	}
	if t.EvalTokens == 0 || t.EvalTokens >= all {
		return 0
	}
	return max(1, t.EvalTokens*len(t.held)/all)
}

// describe sets the configuration, the first line of the run and its next command.
func (t *training) describe() {
	t.setup.Config = t.model
	t.setup.Next = fmt.Sprintf("%s -model %s", flags.Call("mlm", "fill"), t.Out)
	if t.corpora != nil {
		t.setup.About = message.NewPrinter(language.English).Sprintf("a %s of %d parameters%s with a vocabulary of %d on %d tokens of %s, %d held out, in windows of %d tokens",
			titles[t.family], t.params.Size(), t.lora.Describe(t.params), encoders.SizesOf(t.model).Vocab, t.corpora.Learning.Len(), t.corpora.Name(), t.corpora.Held.Len(), t.context)
		return
	}
	cut := ""
	if t.cut > 0 {
		cut = fmt.Sprintf(" (%d texts are cut)", t.cut)
	}
	t.setup.About = message.NewPrinter(language.English).Sprintf("a %s of %d parameters%s with a vocabulary of %d on %d texts of %s, %d held out, of up to %d tokens%s",
		titles[t.family], t.params.Size(), t.lora.Describe(t.params), encoders.SizesOf(t.model).Vocab, len(t.learning), filepath.Base(t.source.name()), len(t.held), t.context, cut)
}

// titles are the names of the families in texts.
var titles = map[string]string{"bert": "BERT", "roberta": "RoBERTa", "modernbert": "ModernBERT"}

// sample hides words of a held-out text and fills them with the weights of a step.
func (t *training) sample(step int) (string, error) {
	f, err := newFiller(t.params, t.model, t.tok)
	if err != nil {
		return "", err
	}
	ids, err := t.heldText(step / t.SampleEvery)
	if err != nil {
		return "", err
	}
	ids = slices.Clone(ids)
	at := len(ids) / 2
	want, err := t.tok.Decode(ids[at : at+1])
	if err != nil {
		return "", err
	}
	ids[at] = t.masks.Mask
	best, err := f.best(ids, []int{at}, 1)
	if err != nil {
		return "", err
	}
	around, err := t.tok.Decode(ids[1 : len(ids)-1])
	return fmt.Sprintf("%s (%.4f), want %s: %s", best[0][0].word, best[0][0].probability, strings.TrimSpace(want), strings.Join(strings.Fields(around), " ")), err
}
