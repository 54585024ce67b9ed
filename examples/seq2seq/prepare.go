package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/examples/internal/shaping"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// training is a model, the Programs over its weights, and its training.
type training struct {
	*options
	tok            marked
	model          model
	params         *graph.Params
	learning, held data.Pairs
	batches        *data.PairBatches
	trainer        *train.Trainer
	setup          job.Setup
}

// prepare reads the pairs, the tokenizer and the model, and builds the Programs.
func prepare(o *options, run *job.Run) (t *training, err error) {
	t = &training{options: o}
	from, resumed := run.Resumed()
	if o.init != "" {
		if !resumed {
			from = o.init
		}
		if err := o.adopt(from, resumed); err != nil {
			return nil, err
		}
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	if t.tok, t.learning, t.held, err = o.pairs(from); err != nil {
		return nil, err
	}
	if t.model, err = o.model(t.tok, slices.Concat(t.learning, t.held)); err != nil {
		return nil, err
	}
	if err := t.build(resumed, run); err != nil {
		return nil, err
	}
	t.describe()
	return t, t.show(slices.Concat(t.learning, t.held))
}

// show answers the page of -watch. all are the pairs that choose the shapes of batches.
func (t *training) show(all data.Pairs) error {
	if t.Watch == "" {
		return nil
	}
	first, _, err := t.read()
	if err != nil {
		return err
	}
	cuts, err := inside.Cutters(vocabulary.Texts(func(yield func(string) bool) {
		for _, p := range first {
			if !yield(p.Source) || !yield(p.Target) {
				return
			}
		}
	}))
	if err != nil {
		return err
	}
	sizes, err := all.Shapes(t.batch.Shaping())
	if err != nil {
		return err
	}
	batches := t.learning.Batches(t.model.marks(), sizes...)
	batches.Seed = t.Seed
	m := inside.Watched(t.model.network, t.tok.Tokenizer, cuts, t.Options, t.MicroBatches, batches)
	for _, p := range first[:min(6, len(first))] {
		m.Sentences = append(m.Sentences, p.Source)
	}
	t.setup.Inside = m
	return nil
}

// build makes the Programs and the Trainer.
func (t *training) build(resumed bool, run *job.Run) error {
	sizes, err := slices.Concat(t.learning, t.held).Shapes(t.batch.Shaping())
	if err != nil {
		return err
	}
	loss := func(s *graph.Scope, z data.PairSize) { t.model.Loss(z.B, z.S, z.T)(s) }
	if t.params, err = t.lora.Adapt(t.Params(), t.model.network); err != nil {
		return err
	}
	err = run.Require(func(m graph.Mode) (graph.Requirements, error) { return graph.EstimateShapes(t.params, m, sizes, loss) })
	if err != nil {
		return err
	}
	eval, err := graph.BuildShapes(t.params, graph.Eval, sizes, loss)
	if err != nil {
		return err
	}
	if t.init != "" && (!resumed || t.lora.Given()) { // a checkpoint of an adapter lacks the base
		if err := folder.Load(t.init, t.model, t.lora.Base(t.params)); err != nil {
			return err
		}
	}
	step, err := graph.BuildShapes(t.params, graph.Train, sizes, loss)
	if err != nil {
		return err
	}
	if t.trainer, err = t.Trainer(step, t.Steps); err != nil {
		return err
	}
	t.batches = t.learning.Batches(t.model.marks(), sizes...)
	t.batches.Seed = t.Seed
	t.setup.Trainer, t.setup.Batches, t.setup.Eval = t.trainer, t.batches, eval
	scored := t.held.Sequential(t.model.marks(), sizes...)
	scored.Spread = t.EvalTokens
	t.setup.Held = scored
	if err := t.lora.Setup(&t.setup, t.params, t.model.network, t.init, checkpoints.Sum(t.lora.Base(t.params))); err != nil {
		return err
	}
	filled, err := t.batches.Filled()
	t.setup.Shapes = shaping.Describe(sizes, filled, func(z data.PairSize) string { return fmt.Sprintf("%d×(%d, %d)", z.B, z.S, z.T) })
	return err
}

// describe sets the first line of the run, its next command and the files of its folder.
func (t *training) describe() {
	t.setup.Config, t.setup.Data = t.model, key(t.learning, t.held)
	t.setup.Files = t.tok.Files
	from := "made-up dates"
	if t.file+t.source != "" {
		from = filepath.Base(t.file + t.source)
	}
	t.setup.About = message.NewPrinter(language.English).Sprintf("%s of %d parameters%s with a vocabulary of %d on %d pairs of %s, %d held out, of up to %d and %d tokens",
		t.model.title, t.params.Size(), t.lora.Describe(t.params), t.tok.VocabSize(), len(t.learning), from, len(t.held), t.model.source, t.model.target)
	t.setup.Next = fmt.Sprintf("%s -model %s", flags.Call("seq2seq", "generate"), t.Out)
}

// key returns the key of the data of a run: the number of pairs to learn from and the key of all pairs.
func key(learning, held data.Pairs) string {
	return fmt.Sprintf("%d-%s", len(learning), slices.Concat(learning, held).Key())
}

// pairs reads the pairs and encodes them with one tokenizer for both sides, that of the folder from unless it is "".
func (o *options) pairs(from string) (tok marked, learning, held data.Pairs, err error) {
	first, second, err := o.read()
	if err != nil {
		return tok, nil, nil, err
	}
	texts := func(yield func(string) bool) {
		for _, p := range slices.Concat(first, second) {
			if !yield(p.Source) || !yield(p.Target) {
				return
			}
		}
	}
	if tok, err = o.marked(from, texts); err != nil {
		return tok, nil, nil, err
	}
	var end []int32
	if o.family != "transformer" {
		end = []int32{tok.marks.EOS}
	}
	if learning, err = encode(first, tok, end); err != nil {
		return tok, nil, nil, err
	}
	if held, err = encode(second, tok, end); err != nil {
		return tok, nil, nil, err
	}
	all, sum := data.PairSize{S: math.MaxInt, T: math.MaxInt}, len(learning)+len(held)
	learning, _ = learning.Fit(all)
	held, _ = held.Fit(all)
	if left := len(learning) + len(held); left < sum {
		fmt.Printf("%d of %d pairs have no source and are left out\n", sum-left, sum)
	}
	if len(learning) == 0 || len(held) == 0 {
		return tok, nil, nil, errors.Errorf("%d pairs to learn from and %d held out have a source, want some of both", len(learning), len(held))
	}
	return tok, learning, held, nil
}

// encode returns the ids of pairs. The ids in end follow each source that is not empty.
func encode(texts []data.TextPair, tok data.Encoder, end []int32) (data.Pairs, error) {
	pairs, err := data.EncodePairs(texts, tok, tok)
	for i, p := range pairs {
		if len(p.Source) > 0 {
			pairs[i].Source = slices.Concat(p.Source, end)
		}
	}
	return pairs, err
}

// model returns the model of -init, or a fresh model of the sizes in the flags. It takes pairs as long as the longest.
func (o *options) model(tok marked, pairs data.Pairs) (m model, err error) {
	m = o.start
	if m.network == nil {
		if m, err = o.fresh(tok.VocabSize(), tok.marks); err != nil {
			return m, err
		}
	}
	if n := tok.VocabSize(); n > m.vocab {
		return m, errors.Errorf("the tokenizer of -init %s has %d tokens, its model has %d", o.init, n, m.vocab)
	}
	for _, p := range pairs {
		m.source, m.target = max(m.source, len(p.Source)), max(m.target, len(p.Target)+1)
	}
	m = m.sized(m.source, m.target)
	return m, m.Check()
}
