package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/prompts"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/tokenize"
)

// generation holds the flags of generate.
type generation struct {
	set           *flags.Set
	model, prompt string
	adapter       string
	cut           bool // truncates the prompt to the window
	omit, scores  bool
	weights       folder.Weights
	cache         folder.Cache
	dry           bool
	options       generate.Options
}

func (g *generation) flags(f *flags.Set) {
	g.set, g.options = f, sampling(200)
	o := &g.options
	f.Group("Text")
	f.StringVar(&g.model, "model", "out/gpt", "`folder` of the model, trained here or published, of any family of train -h, or a .gguf file")
	f.StringVar(&g.adapter, "adapter", "", adapterHelp)
	f.StringVar(&g.prompt, "prompt", "", "text to continue (default: asks on a terminal, else reads one text per line)")
	vocabulary.OmitFlag(f, &g.omit)
	f.TextVar(&g.weights, "weights", g.weights, folder.WeightsHelp)
	f.TextVar(&g.cache, "cache", g.cache, folder.CacheHelp+"; not for rnn and -positions shaw")
	f.IntVar(&o.Speculate, "speculate", o.Speculate, fmt.Sprintf("read up to `N` tokens ahead, at most %d, if the text has had its last tokens before: the same text, sooner if it repeats itself; not for -positions shaw", generate.MaxSpeculate))
	f.BoolVar(&g.dry, "dry-run", g.dry, "print the memory of the weights and of the keys and values (states), and generate nothing")
	f.IntVar(&o.Tokens, "tokens", o.Tokens, "number of tokens to generate")
	f.IntVar(&o.MinTokens, "min-tokens", o.MinTokens, "number of tokens before the text may end")
	f.BoolVar(&g.scores, "scores", g.scores, "print a line for each generated token, without the prompt: id, log-probability and token, tab-separated")
	f.Uint64Var(&o.Seed, "seed", o.Seed, "seed of the sampling; the same seed gives the same text")
	f.Group("Sampling")
	f.Float64Var(&o.Temperature, "temperature", o.Temperature, "divides the logits; 0 takes the most likely token each time")
	f.IntVar(&o.TopK, "top-k", o.TopK, "choose among the N most likely tokens; 0 means all")
	f.Float64Var(&o.TopP, "top-p", o.TopP, "choose among the most likely tokens that together have this probability; 0 means all")
	f.Float64Var(&o.MinP, "min-p", o.MinP, "choose among tokens at least this fraction as likely as the most likely one; 0 means all")
	f.Float64Var(&o.RepetitionPenalty, "repetition-penalty", o.RepetitionPenalty, "above 1, makes tokens less likely that the text already has; 0 means 1")
	f.Float64Var(&o.FrequencyPenalty, "frequency-penalty", o.FrequencyPenalty, "subtracted from a token's logit for each time that it was generated")
	f.Float64Var(&o.PresencePenalty, "presence-penalty", o.PresencePenalty, "subtracted once from the logit of each generated token")
	f.IntVar(&o.NoRepeat, "no-repeat", o.NoRepeat, "length of token sequences that may not repeat, the prompt included; 0 means no limit")
	f.Var((*flags.Bias)(&o.Bias), "bias", flags.BiasHelp)
}

// sampling returns the default options.
func sampling(tokens int) generate.Options {
	return generate.Options{Tokens: tokens, Temperature: 0.8, TopK: 200, Seed: 1}
}

// start continues -prompt, or each line of standard input. The answer to an empty line is an empty line.
func (g *generation) start(w io.Writer) error {
	if g.dry {
		d, err := g.decoder()
		if err == nil {
			_, err = fmt.Fprint(w, d.Memory())
		}
		return err
	}
	if g.set.Given("prompt") {
		return g.run(w)
	}
	answer, err := g.writer(w)
	if err != nil {
		return err
	}
	return prompts.Prompts{Name: "gpt"}.Each(func(ctx context.Context, text string) error {
		if text == "" {
			_, err := fmt.Fprintln(w)
			return errors.WithStack(err)
		}
		return answer(ctx, text)
	})
}

// run writes the prompt and its continuation.
func (g *generation) run(w io.Writer) error {
	if err := prompts.Check(g.prompt); err != nil {
		return errors.WithMessage(err, "-prompt")
	}
	answer, err := g.writer(w)
	if err != nil {
		return err
	}
	return answer(context.Background(), g.prompt)
}

// decoding is an open model.
type decoding struct {
	*generate.Decoder
	folder.Model
	tok     *tokenize.Tokenizer
	weights *folder.Reader
}

// decoder opens the model without the weights that need to be converted.
func (g *generation) decoder() (d decoding, err error) {
	if err := g.check(); err != nil {
		return d, err
	}
	if d.Model, d.tok, err = open(g.model, g.omit); err != nil {
		return d, err
	}
	if d.weights, err = folder.NewReader(g.model, g.adapter, d.Model, g.weights, folder.Use{Mode: graph.Decode, Declare: d.Model.Decode(1, 1)}); err != nil {
		return d, err
	}
	d.Decoder, err = generate.NewDecoder(d.weights.Params, generate.Cached{Model: d.Model, Format: g.cache.Format()}, 1) // declares the parameters
	return d, err
}

// writer opens the model and returns a function that continues a text, token by token.
func (g *generation) writer(w io.Writer) (prompts.Answer, error) {
	d, err := g.decoder()
	if err != nil {
		return nil, err
	}
	m, tok := d.Model, d.tok
	if err := d.weights.Load(); err != nil {
		return nil, err
	}
	o := g.options
	o.Stop, o.Slide, o.Bias = m.EOS, true, folder.Allow(o.Bias, tok, m.Vocab)
	bos, err := beginning(tok, m)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, prompt string) error {
		ids, err := g.encode(tok, m, prompt, bos)
		if err != nil {
			return err
		}
		if g.scores {
			return writeScores(ctx, w, tok, generate.Scored(d.Decoder, ids, o))
		}
		return write(ctx, w, generate.Text(follow(ids[len(bos):], generate.Tokens(d.Decoder, ids, o)), tok.Stream()))
	}, nil
}

// beginning returns the token that begins every text, if the model has one and its tokenizer adds it.
func beginning(tok *tokenize.Tokenizer, m folder.Model) ([]int32, error) {
	framing := tok.ForText()
	framing.Bare = false
	ids, err := framing.Encode("")
	if err != nil || len(ids) == 0 || !slices.Contains(m.BOS, ids[0]) {
		return nil, err
	}
	return ids[:1], nil
}

// encode returns bos and the ids of a prompt. The ids of an empty prompt are the token of the beginning, if the model has one.
func (g *generation) encode(tok *tokenize.Tokenizer, m folder.Model, prompt string, bos []int32) ([]int32, error) {
	ids, err := tok.Encode(prompt)
	if err != nil {
		return nil, err
	}
	ids = slices.Concat(bos, ids)
	if g.cut {
		ids = ids[:min(len(ids), m.Window())]
	}
	if len(ids) == 0 && len(m.BOS) > 0 {
		ids = m.BOS[:1]
	}
	if len(ids) == 0 {
		return nil, errors.Errorf("the prompt %q has no tokens, want at least one to continue", prompt)
	}
	return ids, nil
}

// check returns an error for the first invalid flag.
func (g *generation) check() error {
	o := &g.options
	return flags.First(flags.AtLeast("tokens", o.Tokens, 1), flags.Between("min-tokens", o.MinTokens, 0, "tokens", o.Tokens),
		flags.AtLeast("no-repeat", o.NoRepeat, 0), flags.AtLeast("speculate", o.Speculate, 0), o.Check(), adapter.CheckFolder(g.adapter), flags.AnyModel("model", g.model))
}

// open reads the configuration and the tokenizer of a model. With omit, the tokenizer leaves out text that has no token.
func open(dir string, omit bool) (m folder.Model, tok *tokenize.Tokenizer, err error) {
	if m, err = folder.Open(dir); err != nil {
		return m, nil, err
	}
	if dir, err = adapter.Find(dir, "tokenizer.json"); err != nil {
		return m, nil, err
	}
	if tok, err = folder.Tokenizer(dir); err != nil {
		return m, nil, err
	}
	tok = tok.ForText()
	tok.OmitUnknown = omit
	return m, tok, nil
}
