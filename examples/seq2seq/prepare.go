package main

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/shaping"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// training is a model, the Programs over its weights, and its training.
type training struct {
	*options
	tok            marked
	model          models.Seq2Seq
	params         *graph.Params
	learning, held data.Pairs
	batches        *data.PairBatches
	trainer        *train.Trainer
	setup          job.Setup
}

// prepare reads the pairs, the tokenizer and the model, and builds the Programs.
func prepare(o *options, run *job.Run) (t *training, err error) {
	t = &training{options: o}
	if err := o.check(); err != nil {
		return nil, err
	}
	from, _ := run.Resumed()
	if t.tok, t.learning, t.held, err = o.pairs(from); err != nil {
		return nil, err
	}
	if err := t.build(run); err != nil {
		return nil, err
	}
	t.describe()
	return t, nil
}

// build makes the model, the Programs and the Trainer.
func (t *training) build(run *job.Run) error {
	t.model = t.transformer(t.tok, slices.Concat(t.learning, t.held))
	sizes, err := slices.Concat(t.learning, t.held).Shapes(t.batch.Shaping())
	if err != nil {
		return err
	}
	loss := func(s *graph.Scope, z data.PairSize) { t.model.Loss(z.B, z.S, z.T)(s) }
	t.params = graph.NewParams(tensor.Float32, t.Seed)
	err = run.Require(func(m graph.Mode) (graph.Requirements, error) { return graph.EstimateShapes(t.params, m, sizes, loss) })
	if err != nil {
		return err
	}
	step, err := graph.BuildShapes(t.params, graph.Train, sizes, loss)
	if err != nil {
		return err
	}
	eval, err := graph.BuildShapes(t.params, graph.Eval, sizes, loss)
	if err != nil {
		return err
	}
	t.trainer = &train.Trainer{
		Program: step, Optimizer: t.AdamW(), Rate: t.Rate(t.Steps), Clip: t.Clip, Until: t.Steps, MicroBatches: t.MicroBatches,
	}
	t.batches = t.learning.Batches(marks(t.model), sizes...)
	t.batches.Seed = t.Seed
	t.setup.Trainer, t.setup.Batches, t.setup.Eval = t.trainer, t.batches, eval
	scored := t.held.Sequential(marks(t.model), sizes...)
	scored.Spread = t.EvalTokens
	t.setup.Held = scored
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
	t.setup.About = message.NewPrinter(language.English).Sprintf("a Transformer of %d parameters with a vocabulary of %d on %d pairs of %s, %d held out, of up to %d and %d tokens",
		t.params.Size(), t.tok.VocabSize(), len(t.learning), from, len(t.held), t.model.Source, t.model.Target)
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
	if learning, err = data.EncodePairs(first, tok, tok); err != nil {
		return tok, nil, nil, err
	}
	if held, err = data.EncodePairs(second, tok, tok); err != nil {
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

// transformer returns a model of the sizes in the flags, for pairs as long as the longest.
func (o *options) transformer(tok marked, pairs data.Pairs) models.Seq2Seq {
	m := models.Seq2Seq{
		EncoderLayers: o.layers, DecoderLayers: o.layers, Heads: o.heads, Dim: o.dim, Hidden: o.hidden,
		SourceVocab: tok.VocabSize(), TargetVocab: tok.VocabSize(), NormFirst: o.normFirst, LabelSmoothing: o.smoothing, Dropout: o.dropout,
	}
	for _, p := range pairs {
		m.Source, m.Target = max(m.Source, len(p.Source)), max(m.Target, len(p.Target)+1)
	}
	m.PAD, m.BOS, m.EOS = []int32{tok.marks.Pad}, []int32{tok.marks.BOS}, []int32{tok.marks.EOS}
	return m
}

// marks returns the first id of each kind. Without an id for padding, the end fills up rows: the lengths exclude it.
func marks(m models.Seq2Seq) data.Marks {
	return data.Marks{Pad: slices.Concat(m.PAD, m.EOS)[0], BOS: m.BOS[0], EOS: m.EOS[0]}
}

// checkMarks returns an error if the configuration of a model lacks BOS or EOS.
func checkMarks(m models.Seq2Seq) error {
	if len(m.BOS) == 0 || len(m.EOS) == 0 {
		return errors.Errorf("config.json has bos_token_id %v and eos_token_id %v, want at least one of each", m.BOS, m.EOS)
	}
	return nil
}
