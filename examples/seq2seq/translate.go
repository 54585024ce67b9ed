package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/prompts"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// translator is a trained model with its tokenizer and weights.
type translator struct {
	model  model
	tok    *tokenize.Tokenizer
	params *graph.Params
	last   *generate.Decoder
	size   decoderSize // of last
}

// open reads a model folder. With omit, the tokenizer leaves out text that has no token.
func open(dir string, omit bool) (*translator, error) {
	t := new(translator)
	var err error
	if t.model, err = openModel(dir); err != nil {
		return nil, err
	}
	tok, err := tokenize.Load(dir)
	if err != nil {
		return nil, err
	}
	t.tok = tok.ForText()
	t.tok.SkipSpecial, t.tok.OmitUnknown = true, omit
	if n := t.tok.VocabSize(); n > t.model.vocab {
		return nil, errors.Errorf("%s: the tokenizer has %d tokens, the model has %d", dir, n, t.model.vocab)
	}
	if t.params, err = folder.Expect(dir, t.model); err != nil {
		return nil, err
	}
	if _, err := graph.Build(t.params, graph.Eval, t.model.Loss(1, 1, 1)); err != nil { // declares the parameters
		return nil, err
	}
	return t, folder.Load(dir, t.model, t.params.All())
}

// decoder returns a Decoder of batch sequences, for sources of at least this length and results of so many tokens; 0 means as many as the
// model has. It is the last Decoder if that is long enough. The length is rounded up, so that few Decoders serve many texts.
func (t *translator) decoder(batch, source, tokens int) (*generate.Decoder, error) {
	z := decoderSize{batch, 16, t.model.target}
	for z.source < source {
		z.source *= 2
	}
	z.source = max(min(z.source, t.model.source), source)
	if tokens > 0 {
		z.target = min(z.target, tokens+1)
	}
	if t.last != nil && t.size.batch == z.batch && t.size.target == z.target && t.size.source >= z.source {
		return t.last, nil
	}
	t.last = nil // frees its memory
	d, err := generate.NewDecoder(t.params, t.model.sized(z.source, z.target), batch)
	if err != nil {
		return nil, err
	}
	t.last, t.size = d, z
	return d, nil
}

// decoderSize is the size of a Decoder.
type decoderSize struct{ batch, source, target int }

// ends returns the ids that follow a source.
func (t *translator) ends() []int32 {
	if t.model.endsSources {
		return t.model.eos[:1]
	}
	return nil
}

// allow returns a copy of bias that also forbids rows of the vocabulary without a token.
func (t *translator) allow(bias map[int32]float32) map[int32]float32 {
	return folder.Allow(bias, t.tok, t.model.vocab)
}

// generation holds the flags of generate.
type generation struct {
	set           *flags.Set
	model, prompt string
	prefix        string
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
	f.StringVar(&g.prefix, "prefix", "", "text to put before every source (default: the prefix of the model's run)")
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
	t, err := open(g.model, g.omit)
	if err != nil {
		return nil, err
	}
	o, prefix := g.options, g.runPrefix()
	o.Stop, o.Bias = t.model.eos, t.allow(o.Bias)
	return func(_ context.Context, source string) error {
		text, score := "", 0.0
		if source != "" {
			if text, score, err = t.target(prefixed(prefix, source), g.beam, o); err != nil {
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

// runPrefix returns -prefix or, without the flag, the prefix in the run of the model.
func (g *generation) runPrefix() string {
	if g.set != nil && g.set.Given("prefix") {
		return g.prefix
	}
	var was string
	f := flags.NewSet("seq2seq")
	f.StringVar(&was, "prefix", "", "")
	if _, err := job.Recall(job.Program{Name: "seq2seq", Flags: f.FlagSet, Data: []string{"prefix"}}, g.model); err != nil {
		return "" // the model is of no run that has a prefix
	}
	return was
}

// target returns the most likely target of a source by beam search, and its score. The target of a text without tokens is empty.
func (t *translator) target(source string, width int, o generate.BeamOptions) (text string, score float64, err error) {
	ids, err := t.tok.Encode(source)
	if err != nil || len(ids) == 0 {
		return "", 0, err
	}
	ids = slices.Concat(ids, t.ends())
	if len(ids) > t.model.source {
		return "", 0, errors.Errorf("the text has %d tokens, the model takes at most %d: shorten it", len(ids), t.model.source)
	}
	d, err := t.decoder(width, len(ids), o.Tokens)
	if err != nil {
		return "", 0, err
	}
	if err := d.SetSources(slices.Repeat([][]int32{ids}, d.Batch())); err != nil {
		return "", 0, err
	}
	found, err := generate.Beam(d, t.model.bos[:1], o)
	if err != nil {
		return "", 0, err
	}
	text, err = t.tok.Decode(found[0].Tokens)
	return text, found[0].Score, err
}
