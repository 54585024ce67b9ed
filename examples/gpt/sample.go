package main

import (
	"flag"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train"
)

// generation is the flags of generate.
type generation struct {
	model, prompt string
	options       generate.Options
}

func (g *generation) flags(f *flag.FlagSet) {
	g.options = sampling(200)
	o := &g.options
	f.StringVar(&g.model, "model", "out/gpt", "folder of the model, trained here or a published GPT-2")
	f.StringVar(&g.prompt, "prompt", "The", "text to go on from")
	f.IntVar(&o.Tokens, "tokens", o.Tokens, "tokens to generate")
	f.Float64Var(&o.Temperature, "temperature", o.Temperature, "divides the logits; 0 takes the most likely token each time")
	f.IntVar(&o.TopK, "top-k", o.TopK, "choose among the K most likely tokens, 0 for all")
	f.Float64Var(&o.TopP, "top-p", o.TopP, "choose among the most likely tokens of this probability together, 0 for all")
	f.Float64Var(&o.MinP, "min-p", o.MinP, "choose among tokens at least this share as likely as the most likely one, 0 for all")
	f.Float64Var(&o.RepetitionPenalty, "repetition-penalty", o.RepetitionPenalty, "makes tokens of the text less likely, 0 or 1 for no penalty")
	f.Uint64Var(&o.Seed, "seed", o.Seed, "the same seed gives the same text")
}

// sampling is what the flags are by default.
func sampling(tokens int) generate.Options {
	return generate.Options{Tokens: tokens, Temperature: 0.8, TopK: 200, Seed: 1}
}

func (g *generation) run(w io.Writer) error {
	if err := flags.AtLeast("tokens", g.options.Tokens, 1); err != nil {
		return err
	}
	m, tok, err := open(g.model)
	if err != nil {
		return err
	}
	params := graph.NewParams(tensor.Float32, 1)
	d, err := generate.NewDecoder(params, m, 1) // declares the parameters
	if err != nil {
		return err
	}
	if err := checkpoints.LoadWeights(g.model, params.All(), published); err != nil {
		return err
	}
	prompt, err := tok.Encode(g.prompt)
	if err != nil {
		return err
	}
	if m.EOS != 0 {
		g.options.Stop = []int32{m.EOS}
	}
	for text, err := range generate.Text(follow(prompt, generate.Tokens(d, prompt, true, g.options)), tok.Stream()) {
		if err != nil {
			return err
		}
		fmt.Fprint(w, text)
	}
	fmt.Fprintln(w)
	return nil
}

// follow yields the prompt and then what is generated, so that the text between them is right too. Of a prompt from which nothing
// can be generated it yields the error alone.
func follow(prompt []int32, next iter.Seq2[int32, error]) iter.Seq2[int32, error] {
	return func(yield func(int32, error) bool) {
		begun := false
		begin := func() bool {
			begun = true
			return !slices.ContainsFunc(prompt, func(id int32) bool { return !yield(id, nil) })
		}
		for id, err := range next {
			if err == nil && !begun && !begin() || !yield(id, err) || err != nil {
				return
			}
		}
		if !begun {
			begin()
		}
	}
}

// published are the differences of GPT-2 files found elsewhere: names with a prefix, masks, and a second name of the tied head.
var published = checkpoints.Rules{
	Rename: func(name string) string { return strings.TrimPrefix(name, "transformer.") },
	Ignore: func(name string) bool {
		return name == "lm_head.weight" || strings.HasSuffix(name, ".attn.bias") || strings.HasSuffix(name, ".attn.masked_bias")
	},
}

// open reads the configuration and the tokenizer of a model folder.
func open(dir string) (m models.GPT, tok *tokenize.Tokenizer, err error) {
	if err := checkpoints.ReadConfig(dir, &m); err != nil {
		return m, nil, err
	}
	if tok, err = tokenize.Load(dir); err != nil {
		return m, nil, err
	}
	tok.Bare = true
	return m, tok, nil
}

// evaluation is the flags of eval.
type evaluation struct {
	model, data string
	batch       int
}

func (e *evaluation) flags(f *flag.FlagSet) {
	f.StringVar(&e.model, "model", "out/gpt", "folder of the model")
	f.StringVar(&e.data, "data", "", "text to score: a file, a folder or a glob, .gz too (default Newton's Opticks of the Go distribution)")
	f.IntVar(&e.batch, "batch", 12, "windows in a batch")
}

// run scores every token of the text but the first, in windows of the model's context.
func (e *evaluation) run(w io.Writer) (err error) {
	if err := flags.AtLeast("batch", e.batch, 1); err != nil {
		return err
	}
	if e.data == "" {
		if e.data, err = opticks(); err != nil {
			return err
		}
	}
	m, tok, err := open(e.model)
	if err != nil {
		return err
	}
	corpus, err := train.Text{Paths: []string{e.data}, Encoder: tok}.Corpus()
	if err != nil {
		return err
	}
	params := graph.NewParams(tensor.Float32, 1)
	p, err := graph.Build(params, graph.Eval, m.Loss(e.batch, m.Context))
	if err != nil {
		return err
	}
	if err := checkpoints.LoadWeights(e.model, params.All(), published); err != nil {
		return err
	}
	windows := corpus.Sequential(e.batch, m.Context)
	score, err := train.Evaluate(p, windows, windows.Len())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "loss %.4f perplexity %.2f tokens %d\n", score.Loss, score.Perplexity(), score.Tokens)
	return err
}
