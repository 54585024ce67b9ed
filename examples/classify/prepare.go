package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/examples/internal/shaping"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// training is a model, its Programs over the same weights, and how they are trained.
type training struct {
	*options
	texts                texts
	labels               []string
	tok                  encoder
	learning, held, test data.Rows // of at most context tokens
	cut                  int       // texts that were longer
	context              int
	sizes                []data.RowSize
	model                kind
	params               *graph.Params
	eval                 *graph.Program
	batches              train.Source
	trainer              *train.Trainer
	setup                job.Setup
}

// prepare reads the texts, the tokenizer and the model, and builds the Programs.
func prepare(o *options, run *job.Run) (t *training, err error) {
	t = &training{options: o}
	from, resumed := run.Resumed()
	if !resumed {
		if from = o.init; from != "" {
			if err := o.size(); err != nil {
				return nil, err
			}
		}
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if t.texts, err = o.texts(); err != nil {
		return nil, err
	}
	if err := t.tokenizer(from, resumed); err != nil {
		return nil, err
	}
	if err := t.shape(from, resumed); err != nil {
		return nil, err
	}
	if err := t.encode(); err != nil {
		return nil, err
	}
	if from == "" {
		t.model = o.fresh(t.tok.VocabSize(), t.tok, t.context, t.labels)
	}
	if n := t.tok.VocabSize(); n > t.model.vocab {
		return nil, errors.Errorf("the tokenizer has %d tokens, the model in %s has %d", n, from, t.model.vocab)
	}
	if err := t.build(run, resumed); err != nil {
		return nil, err
	}
	t.describe()
	return t, t.show()
}

// show answers the page of -watch.
func (t *training) show() error {
	if t.Watch == "" {
		return nil
	}
	cuts, err := inside.Cutters(vocabulary.Texts(t.learned))
	if err != nil {
		return err
	}
	rows := t.learning.Batches(t.sizes...)
	rows.Seed = t.Seed
	batches, err := t.hides(rows)
	if err != nil {
		return err
	}
	m := inside.Watched(t.model.model, t.tok.Tokenizer, cuts, t.Options, t.MicroBatches, batches)
	for _, x := range t.texts.held[:min(6, len(t.texts.held))] {
		m.Sentences = append(m.Sentences, x.Text)
	}
	t.setup.Inside = m
	return nil
}

// learned yields the texts to learn from.
func (t *training) learned(yield func(string) bool) {
	for _, x := range t.texts.learning {
		if !yield(x.Text) {
			return
		}
	}
}

// tokenizer trains or loads the tokenizer of -tokenizer, or loads that of the folder from unless it is "".
func (t *training) tokenizer(from string, resumed bool) error {
	t.vocabulary.MinCount = int64(t.minCount)
	if t.family != own {
		t.vocabulary.Special = encoders.Special(t.family)
	}
	v, err := t.vocabulary.Open(from, vocabulary.Texts(t.learned))
	if err != nil {
		return err
	}
	if t.family != own && !resumed {
		if v, err = encoders.Frame(v); err != nil {
			return err
		}
	}
	t.setup.Files = v.Files
	t.tok, err = newEncoder(v.Tokenizer, t.family != own)
	return errors.WithMessagef(err, "the tokenizer of %s", cmp.Or(from, t.vocabulary.Name))
}

// shape finds the labels and -max-tokens. If the run resumes from the checkpoint in folder from, they are the checkpoint's: other data must
// not change them. A model of -init has its own -max-tokens.
func (t *training) shape(from string, resumed bool) (err error) {
	if resumed {
		t.model, err = readKind(from)
		t.labels, t.context = t.model.labels, t.model.context
		return err
	}
	if t.labels = data.Labels(t.texts.learning); len(t.labels) < 2 {
		return errors.Errorf("all texts to learn from have the label %q: want at least two labels", t.labels)
	}
	if t.context = t.maxTokens; from != "" {
		t.model, err = t.begun(t.labels)
		t.context = t.model.context
	}
	return err
}

// encode makes rows of the texts and cuts them to the tokens that the model sees.
func (t *training) encode() (err error) {
	parts := []struct {
		name  string
		texts []data.LabelledText
		rows  *data.Rows
	}{{"to learn from", t.texts.learning, &t.learning}, {"held out", t.texts.held, &t.held}, {"to test", t.texts.test, &t.test}}
	for _, p := range parts {
		if *p.rows, err = data.EncodeRows(p.texts, t.tok, t.labels); err != nil {
			return errors.WithMessagef(err, "texts %s", p.name)
		}
	}
	t.context = cmp.Or(t.context, longest(t.learning))
	for _, p := range parts {
		cut := 0
		*p.rows, cut = t.tok.truncate(*p.rows, t.context)
		t.cut += cut
	}
	t.setup.Data = key(t.learning, t.held)
	t.sizes, err = slices.Concat(t.learning, t.held).Shapes(t.batch.Shaping(), t.tok.pad)
	return err
}

// key returns the key of the data of a run: the number of texts to learn from and the key of all texts.
func key(learning, held data.Rows) string {
	return fmt.Sprintf("%d-%s", len(learning), slices.Concat(learning, held).Key())
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
	if t.eval, err = graph.BuildShapes(t.params, graph.Eval, t.sizes, t.loss); err != nil {
		return err
	}
	if t.init != "" && (!resumed || t.lora.Given()) { // a checkpoint of an adapter lacks the base
		if err := encoders.Load(t.init, t.model.model.(models.TextEncoder), t.lora.Model(t.params), true); err != nil {
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
	if err := t.lora.Setup(&t.setup, t.params, t.model.model, t.init, checkpoints.Sum(t.lora.Base(t.params))); err != nil {
		return err
	}
	return t.feed()
}

// feed makes the batches of the run.
func (t *training) feed() (err error) {
	rows := t.learning.Batches(t.sizes...)
	rows.Seed = t.Seed
	if t.batches, err = t.hides(rows); err != nil {
		return err
	}
	held := t.held.Sequential(t.sizes...)
	held.Spread = t.EvalTokens
	t.setup.Trainer, t.setup.Batches, t.setup.Held, t.setup.Eval, t.setup.Score = t.trainer, t.batches, held, t.eval, job.Accuracy
	filled, err := rows.Filled()
	t.setup.Shapes = shaping.Describe(t.sizes, filled, func(z data.RowSize) string { return fmt.Sprintf("%d×%d", z.B, z.T) })
	return err
}

// loss declares the model and its loss for batches of a size.
func (t *training) loss(s *graph.Scope, size data.RowSize) { t.model.Loss(size.B, size.T)(s) }

// score writes the scores of the texts to test. Their lengths choose shapes of their own, so that they have no influence on training.
func (t *training) score(w io.Writer) error {
	sizes, err := t.test.Shapes(t.batch.Shaping(), t.tok.pad)
	if err != nil {
		return err
	}
	p, err := graph.BuildShapes(t.params, graph.Eval, sizes, t.loss)
	if err != nil {
		return err
	}
	return score(w, p, t.test, sizes, t.model.labels)
}

// describe sets the configuration, the first line of the run and its next command.
func (t *training) describe() {
	t.setup.Config = t.model
	from := "Go's library"
	if t.data != "" {
		from = filepath.Base(t.data)
	}
	t.setup.About = message.NewPrinter(language.English).Sprintf(
		"%s of %d parameters%s with a vocabulary of %d on %d texts of %s with %d labels, %d held out, of up to %d tokens (%d texts are cut)",
		t.model.title(), t.params.Size(), t.lora.Describe(t.params), t.model.vocab, len(t.learning), from, len(t.model.labels), len(t.held), t.context, t.cut)
	t.setup.Next = fmt.Sprintf("%s -model %s", flags.Call("classify", "predict"), t.Out)
}

// sample labels a held-out text with the weights of a step.
func (t *training) sample(step int) (string, error) {
	i := step / t.SampleEvery % len(t.held)
	found, err := train.Predict(t.eval, t.held[i:i+1], t.sizes...)
	if err != nil {
		return "", err
	}
	p, x := found[0], t.texts.held[i]
	return fmt.Sprintf("%s (%.4f), want %s: %s", t.model.labels[p.Class], p.Probabilities[p.Class], x.Label, x.Text), nil
}

// hides returns the batches of rows, in which the mask token hides some tokens if -token-dropout asks for it. A model of family classifier
// drops the tokens itself.
func (t *training) hides(rows *data.RowBatches) (train.Source, error) {
	if t.tokenDropout == 0 || t.family == own {
		return rows, nil
	}
	tokens, err := encoders.NewTokens(t.tok.Tokenizer)
	if err != nil {
		return nil, err
	}
	mask, err := tokens.Hidden()
	if err != nil {
		return nil, errors.WithMessage(err, "-token-dropout")
	}
	return &data.HiddenBatches{Rows: rows, Mask: mask, Keep: tokens.Keep(), P: t.tokenDropout}, nil
}
