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
)

// translator is a trained model with its tokenizer and a decoder.
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
	t.params.Expect(dir, shapes)                                                    // the declaration fails if the file is of another model
	if t.Decoder, err = generate.NewDecoder(t.params, t.model, batch); err != nil { // declares the parameters
		return nil, err
	}
	return t, checkpoints.LoadWeights(dir, t.params.All(), checkpoints.Rules{})
}

// noTokens returns the bias that forbids rows of the vocabulary without a token.
func (t *translator) noTokens() map[int32]float32 { return folder.NoTokens(t.tok, t.model.TargetVocab) }

// generation holds the flags of generate.
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
	f.StringVar(&g.prompt, "prompt", "", "text to turn into another (default: asks on a terminal, else reads one text per line)")
	f.Group("Search")
	f.IntVar(&g.beam, "beam", 4, "width of the beam; 1 takes the most likely token each time")
	f.Float64Var(&g.penalty, "length-penalty", 1, "divides the log-probability of a result by its length to this power")
}

// start writes the target of -prompt, or of each line of standard input.
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

// translate opens the model and returns a function that writes the target of a text. The target of an empty text is empty.
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
