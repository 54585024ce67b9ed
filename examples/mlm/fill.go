package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/prompts"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// filling holds the flags of fill.
type filling struct {
	set         *flags.Set
	model, text string
	n           int
}

func (p *filling) flags(f *flags.Set) {
	p.set = f
	f.StringVar(&p.model, "model", "out/mlm", "`folder` of the model, trained here or published")
	f.StringVar(&p.text, "text", "", "text with a [MASK] for each hidden word (default: asks on a terminal, else reads one text per line)")
	f.IntVar(&p.n, "n", 5, "number of words to print for each [MASK]")
}

// start fills -text, or each text of standard input.
func (p *filling) start(w io.Writer) error {
	if p.set.Given("text") {
		return p.run(w, strings.NewReader(p.text+"\n"))
	}
	return p.run(w, nil)
}

// run fills each line of in; nil means standard input.
func (p *filling) run(w io.Writer, in io.Reader) error {
	if err := flags.First(flags.AtLeast("n", p.n, 1), flags.Model("model", p.model)); err != nil {
		return err
	}
	f, err := openFiller(p.model)
	if err != nil {
		return err
	}
	return prompts.Prompts{Name: "mlm", In: in}.Each(func(_ context.Context, text string) error { return f.fill(w, text, p.n) })
}

// filler predicts hidden words.
type filler struct {
	model   models.TextEncoder
	tok     encoders.Tokens
	program *graph.Program
	lengths []int // of the Program's texts, ascending
}

// openFiller reads a model folder.
func openFiller(dir string) (*filler, error) {
	m, tok, err := openModel(dir)
	if err != nil {
		return nil, err
	}
	params := graph.NewParams(tensor.Float32, 1)
	f, err := newFiller(params, m, tok)
	if err != nil {
		return nil, err
	}
	return f, encoders.LoadWhole(dir, m, params.All())
}

// openModel reads the configuration and the tokenizer of a masked language model.
func openModel(dir string) (m models.TextEncoder, tok encoders.Tokens, err error) {
	if m, err = encoders.Open(dir); err != nil {
		return nil, tok, err
	}
	if _, ok := encoders.Labels(m); ok {
		return nil, tok, errors.Errorf("%s: the model is a classifier, want one that predicts masked words", dir)
	}
	t, err := tokenize.Load(dir)
	if err != nil {
		return nil, tok, err
	}
	if tok, err = encoders.NewTokens(t); err == nil {
		_, err = tok.Hidden()
	}
	return m.Masked(), tok, errors.WithMessage(err, dir)
}

// newFiller builds the Program for one text, padded to the model's window divided by a power of 2.
func newFiller(params *graph.Params, m models.TextEncoder, tok encoders.Tokens) (f *filler, err error) {
	f = &filler{model: m, tok: tok, lengths: []int{m.Window()}}
	for t := m.Window() / 2; t >= 8; t /= 2 {
		f.lengths = append(f.lengths, t)
	}
	slices.Sort(f.lengths)
	f.program, err = graph.BuildShapes(params, graph.Eval, f.lengths, func(s *graph.Scope, t int) { m.Logits(1, t)(s) })
	return f, err
}

// word is a prediction.
type word struct {
	id          int32
	word        string
	probability float64
}

// best returns the n best words at each place of a text.
func (f *filler) best(ids []int32, places []int, n int) (all [][]word, err error) {
	i, _ := slices.BinarySearch(f.lengths, len(ids))
	if i == len(f.lengths) {
		return nil, errors.Errorf("the text has %d tokens, the model sees %d: shorten the text", len(ids), f.model.Window())
	}
	feed, err := data.FeedRows([][]int32{ids}, data.RowSize{B: 1, T: f.lengths[i], Pad: f.tok.PAD})
	if err != nil {
		return nil, err
	}
	if err := f.program.Run(feed); err != nil {
		return nil, err
	}
	logits := f.program.Output("logits") // (1, T, V)
	v := logits.Shape()[2]
	for _, at := range places {
		words, err := f.words(logits.Float32s()[at*v:][:v], n)
		if err != nil {
			return nil, err
		}
		all = append(all, words)
	}
	return all, nil
}

// words returns the n best words by their logits. Special tokens are no words.
func (f *filler) words(logits []float32, n int) (words []word, err error) {
	top, sum := float64(slices.Max(logits)), 0.0
	for _, x := range logits {
		sum += math.Exp(float64(x) - top)
	}
	keep := f.tok.Keep()
	if mask, err := f.tok.Hidden(); err == nil {
		keep = append(keep, mask)
	}
	for id, x := range logits {
		if _, ok := f.tok.IDToToken(int32(id)); ok && !slices.Contains(keep, int32(id)) {
			words = append(words, word{id: int32(id), probability: math.Exp(float64(x)-top) / sum})
		}
	}
	slices.SortStableFunc(words, func(a, b word) int { return cmp.Compare(b.probability, a.probability) })
	words = words[:min(n, len(words))]
	for i := range words {
		if words[i].word, err = f.tok.Word(words[i].id); err != nil {
			return nil, err
		}
	}
	return words, nil
}

// fill writes the best words for each [MASK] of a text, with their probabilities and the text with the word.
func (f *filler) fill(w io.Writer, text string, n int) error {
	ids, places, err := f.tok.EncodeMasked(text)
	if err != nil {
		return err
	}
	if len(places) == 0 {
		return errors.Errorf("the text %.60q has no [MASK]: put one in the place of the word to find", text)
	}
	all, err := f.best(ids, places, n)
	if err != nil {
		return err
	}
	parts := f.tok.SplitMasks(text)
	for i, words := range all {
		for _, x := range words {
			before, after := strings.Join(parts[:i+1], "[MASK]"), strings.Join(parts[i+1:], "[MASK]")
			if _, err := fmt.Fprintf(w, "%.4f\t%s\t%s\n", x.probability, x.word, before+x.word+after); err != nil {
				return errors.WithStack(err)
			}
		}
	}
	return nil
}
