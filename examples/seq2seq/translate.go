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
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
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

// open reads a model folder. Its Decoder has batch sequences. With omit, the tokenizer leaves out text that has no token.
func open(dir string, batch int, omit bool) (*translator, error) {
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
	t.tok.SkipSpecial, t.tok.OmitUnknown = true, omit
	rules := checkpoints.Rules{Rename: models.Unwrap}
	shapes, err := checkpoints.Shapes(dir, rules)
	if err != nil {
		return nil, err
	}
	t.params.Expect(dir, shapes)                                                    // the declaration fails if the file is of another model
	if t.Decoder, err = generate.NewDecoder(t.params, t.model, batch); err != nil { // declares the parameters
		return nil, err
	}
	return t, checkpoints.LoadWeights(dir, t.params.All(), rules)
}

// allow returns a copy of bias that also forbids rows of the vocabulary without a token.
func (t *translator) allow(bias map[int32]float32) map[int32]float32 {
	return folder.Allow(bias, t.tok, t.model.TargetVocab)
}

// generation holds the flags of generate.
type generation struct {
	set           *flags.Set
	model, prompt string
	omit, scores  bool
	beam          int
	options       generate.BeamOptions
}

// search returns the default flags of generate for a model.
func search(model string) generation {
	return generation{model: model, beam: 4, options: generate.BeamOptions{LengthPenalty: 1}}
}

func (g *generation) flags(f *flags.Set) {
	*g = search("out/seq2seq")
	g.set = f
	o := &g.options
	f.Group("Text")
	f.StringVar(&g.model, "model", g.model, "`folder` of the model")
	f.StringVar(&g.prompt, "prompt", "", "text to turn into another (default: asks on a terminal, else reads one text per line)")
	vocabulary.OmitFlag(f, &g.omit)
	f.IntVar(&o.Tokens, "tokens", o.Tokens, "number of tokens of a result at most; 0 means as many as the model has")
	f.IntVar(&o.MinTokens, "min-tokens", o.MinTokens, "number of tokens before a result may end")
	f.BoolVar(&g.scores, "scores", g.scores, "print the score and a tab before each result: its log-probability, with -bias and penalties")
	f.Group("Search")
	f.IntVar(&g.beam, "beam", g.beam, "width of the beam; 1 takes the most likely token each time")
	f.Float64Var(&o.LengthPenalty, "length-penalty", o.LengthPenalty, "divides the log-probability of a result by its length to this power")
	f.Float64Var(&o.RepetitionPenalty, "repetition-penalty", o.RepetitionPenalty, "above 1, makes tokens less likely that the result already has; 0 means 1")
	f.IntVar(&o.NoRepeat, "no-repeat", o.NoRepeat, "length of token sequences that may not repeat; 0 means no limit")
	f.Var((*flags.Bias)(&o.Bias), "bias", flags.BiasHelp)
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
	if err := g.check(); err != nil {
		return nil, err
	}
	t, err := open(g.model, g.beam, g.omit)
	if err != nil {
		return nil, err
	}
	o := g.options
	o.Stop, o.Bias = t.model.EOS, t.allow(o.Bias)
	return func(_ context.Context, source string) error {
		text, score := "", 0.0
		if source != "" {
			if text, score, err = t.target(source, o); err != nil {
				return err
			}
		}
		line := prompts.Whole(text) + "\n"
		if g.scores {
			line = fmt.Sprintf("%.4f\t", score) + line
		}
		_, err := io.WriteString(w, line)
		return errors.WithStack(err)
	}, nil
}

// check returns an error for the first invalid flag.
func (g *generation) check() error {
	o := &g.options
	err := flags.First(flags.AtLeast("beam", g.beam, 1), flags.AtLeast("tokens", o.Tokens, 0), flags.AtLeast("min-tokens", o.MinTokens, 0),
		flags.AtLeast("no-repeat", o.NoRepeat, 0))
	if err == nil && o.Tokens > 0 {
		err = flags.Between("min-tokens", o.MinTokens, 0, "tokens", o.Tokens)
	}
	return flags.First(err, o.Check(), flags.Model("model", g.model))
}

// target returns the most likely target of a source by beam search, and its score. The target of a text without tokens is empty.
func (t *translator) target(source string, o generate.BeamOptions) (text string, score float64, err error) {
	ids, err := t.tok.Encode(source)
	if err != nil || len(ids) == 0 {
		return "", 0, err
	}
	if len(ids) > t.model.Source {
		return "", 0, errors.Errorf("the text has %d tokens, the model takes at most %d: shorten it", len(ids), t.model.Source)
	}
	sources := make([][]int32, t.Batch())
	for i := range sources {
		sources[i] = ids
	}
	if err := t.SetSources(sources); err != nil {
		return "", 0, err
	}
	found, err := generate.Beam(t.Decoder, t.model.BOS[:1], o)
	if err != nil {
		return "", 0, err
	}
	text, err = t.tok.Decode(found[0].Tokens)
	return text, found[0].Score, err
}
