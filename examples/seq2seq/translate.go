package main

import (
	"context"
	"fmt"
	"io"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/prompts"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train"
)

// translator is a trained model that turns texts into texts, some at a time.
type translator struct {
	model  models.Seq2Seq
	tok    *tokenize.Tokenizer
	params *graph.Params
	*generate.Decoder
}

func open(dir string, batch int) (*translator, error) {
	t := &translator{params: graph.NewParams(tensor.Float32, 1)}
	if err := checkpoints.ReadConfig(dir, &t.model); err != nil {
		return nil, err
	}
	if err := checkMarks(t.model); err != nil {
		return nil, errors.WithMessage(err, dir)
	}
	tok, err := tokenize.Load(dir)
	if err != nil {
		return nil, err
	}
	t.tok = tok.ForText()
	t.tok.SkipSpecial = true
	shapes, err := checkpoints.Shapes(dir, checkpoints.Rules{})
	if err != nil {
		return nil, err
	}
	t.params.Expect(dir, shapes)                                                    // a configuration of another model ends the declaration
	if t.Decoder, err = generate.NewDecoder(t.params, t.model, batch); err != nil { // declares the parameters
		return nil, err
	}
	return t, checkpoints.LoadWeights(dir, t.params.All(), checkpoints.Rules{})
}

// noTokens forbids the rows of the vocabulary that are no tokens.
func (t *translator) noTokens() map[int32]float32 { return folder.NoTokens(t.tok, t.model.TargetVocab) }

// generation is the flags of generate.
type generation struct {
	set           *flags.Set
	model, prompt string
	beam          int
	penalty       float64
}

func (g *generation) flags(f *flags.Set) {
	g.set = f
	f.Group("Text")
	f.StringVar(&g.model, "model", "out/seq2seq", "`folder` of the model")
	f.StringVar(&g.prompt, "prompt", "", "text to turn into another (default: asks on a terminal, else reads one text a line)")
	f.Group("Search")
	f.IntVar(&g.beam, "beam", 4, "width of the beam; 1 takes the most likely token each time")
	f.Float64Var(&g.penalty, "length-penalty", 1, "power of the length by which a result's log-probability is divided")
}

// start writes the target of -prompt, or of each text of standard input.
func (g *generation) start(w io.Writer) error {
	if g.set.Given("prompt") {
		return g.run(w)
	}
	answer, err := g.translate(w)
	if err != nil {
		return err
	}
	return prompts.Prompts{Name: "seq2seq"}.Each(answer)
}

// run writes the target of the prompt.
func (g *generation) run(w io.Writer) error {
	if g.prompt == "" {
		return errors.New(`-prompt is "", want a text to turn into another`)
	}
	if err := prompts.Check(g.prompt); err != nil {
		return errors.WithMessage(err, "-prompt")
	}
	answer, err := g.translate(w)
	if err != nil {
		return err
	}
	return answer(context.Background(), g.prompt)
}

// translate opens the model and returns the function that writes a text's target. The target of an empty text is empty.
func (g *generation) translate(w io.Writer) (prompts.Answer, error) {
	if err := flags.First(flags.AtLeast("beam", g.beam, 1), flags.Model("model", g.model)); err != nil {
		return nil, err
	}
	t, err := open(g.model, g.beam)
	if err != nil {
		return nil, err
	}
	return func(_ context.Context, source string) error {
		text := ""
		if source != "" {
			if text, err = t.target(source, g.penalty); err != nil {
				return err
			}
		}
		_, err := fmt.Fprintln(w, prompts.Whole(text))
		return errors.WithStack(err)
	}, nil
}

// target returns the most likely target of a source by beam search.
func (t *translator) target(source string, penalty float64) (string, error) {
	ids, err := t.tok.Encode(source)
	if err != nil {
		return "", err
	}
	if len(ids) > t.model.Source {
		return "", errors.Errorf("the text has %d tokens, the model takes at most %d: shorten it", len(ids), t.model.Source)
	}
	sources := make([][]int32, t.Batch())
	for i := range sources {
		sources[i] = ids
	}
	if err := t.SetSources(sources); err != nil {
		return "", err
	}
	found, err := generate.Beam(t.Decoder, t.model.BOS[:1], generate.BeamOptions{Stop: t.model.EOS, Bias: t.noTokens(), LengthPenalty: penalty})
	if err != nil {
		return "", err
	}
	return t.tok.Decode(found[0].Tokens)
}

// evaluation is the flags of eval.
type evaluation struct {
	dataset
	model string
	batch int
}

func (e *evaluation) flags(f *flags.Set) {
	e.dataset.flags(f)
	f.Group("Data")
	f.StringVar(&e.model, "model", "out/seq2seq", "`folder` of the model")
	f.IntVar(&e.batch, "batch", 64, "pairs in a batch")
}

// run prints the share of the pairs whose generated text (greedy) is the target, and the share of the tokens of all targets, their
// ends included, that are the most likely ones after the right beginning.
func (e *evaluation) run(w io.Writer) error {
	if err := flags.AtLeast("batch", e.batch, 1); err != nil {
		return err
	}
	if err := flags.First(e.dataset.check(), flags.Model("model", e.model)); err != nil {
		return err
	}
	_, held, err := e.read()
	if err != nil {
		return err
	}
	t, err := open(e.model, e.batch)
	if err != nil {
		return err
	}
	pairs, err := train.EncodePairs(held, t.tok, t.tok)
	if err != nil {
		return err
	}
	size := train.PairSize{B: e.batch, S: t.model.Source, T: t.model.Target}
	if _, long := pairs.Fit(size); long > 0 {
		return errors.Errorf("%d of %d pairs are longer than the %d source and %d target tokens that the model was trained for: leave them out, "+
			"or train on data with as long ones", long, len(pairs), size.S, size.T-1)
	}
	p, err := graph.Build(t.params, graph.Eval, t.model.Loss(size.B, size.S, size.T))
	if err != nil {
		return err
	}
	batches := pairs.Sequential(size, marks(t.model))
	score, err := train.Evaluate(context.Background(), p, batches, batches.Len())
	if err != nil {
		return err
	}
	exact := 0
	for at := 0; at < len(pairs); at += e.batch {
		n, err := t.exact(pairs[at:min(at+e.batch, len(pairs))], held[at:])
		if err != nil {
			return err
		}
		exact += n
	}
	_, err = fmt.Fprintf(w, "exact %.4f token-accuracy %.4f pairs %d\n", float64(exact)/float64(len(pairs)), score.Accuracy, len(pairs))
	return err
}

// exact counts the pairs of a batch whose text comes out as it should.
func (t *translator) exact(pairs train.Pairs, texts []train.TextPair) (n int, err error) {
	sources, starts := make([][]int32, t.Batch()), make([][]int32, t.Batch())
	for i := range sources {
		sources[i], starts[i] = pairs[min(i, len(pairs)-1)].Source, t.model.BOS[:1]
	}
	if err := t.SetSources(sources); err != nil {
		return 0, err
	}
	out, err := generate.Batch(t.Decoder, starts, generate.Options{Stop: t.model.EOS, Bias: t.noTokens()})
	if err != nil {
		return 0, err
	}
	for i := range pairs {
		text, err := t.tok.Decode(out[i])
		if err != nil {
			return 0, err
		}
		if text == texts[i].Target {
			n++
		}
	}
	return n, nil
}
