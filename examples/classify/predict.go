package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/prompts"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// classifier is a trained model: its Program for batches of a size, and its tokenizer.
type classifier struct {
	models.Classifier
	tok     encoder
	program *graph.Program
	size    data.RowSize
}

// open reads a model folder. Its Program computes logits of b texts at a time. With omit, the tokenizer leaves out text that has no token.
func open(dir string, b int, omit bool) (c classifier, err error) {
	if err := checkpoints.ReadConfig(dir, &c.Classifier); err != nil {
		return c, err
	}
	tok, err := tokenize.Load(dir)
	if err != nil {
		return c, err
	}
	if c.tok, err = newEncoder(tok); err != nil {
		return c, errors.WithMessagef(err, "the tokenizer of %s", dir)
	}
	c.tok.OmitUnknown = omit
	c.size = c.tok.size(b, c.Context)
	params := graph.NewParams(tensor.Float32, 1)
	if c.program, err = graph.Build(params, graph.Eval, c.Logits(b, c.Context)); err != nil {
		return c, err
	}
	return c, checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{Rename: models.Unwrap})
}

// prediction holds the flags of predict.
type prediction struct {
	set         *flags.Set
	model, text string
	omit        bool
}

func (p *prediction) flags(f *flags.Set) {
	p.set = f
	f.StringVar(&p.model, "model", "out/classify", "`folder` of the model")
	f.StringVar(&p.text, "text", "", "text to label (default: asks on a terminal, else reads one text per line)")
	vocabulary.OmitFlag(f, &p.omit)
}

// start labels -text, or each text of standard input.
func (p *prediction) start(w io.Writer) error {
	if p.set.Given("text") {
		return p.run(w, strings.NewReader(p.text+"\n"))
	}
	return p.run(w, nil)
}

// run labels each line of in; nil means standard input.
func (p *prediction) run(w io.Writer, in io.Reader) error {
	if err := flags.Model("model", p.model); err != nil {
		return err
	}
	c, err := open(p.model, 1, p.omit)
	if err != nil {
		return err
	}
	return prompts.Prompts{Name: "classify", In: in}.Each(func(_ context.Context, text string) error { return c.label(w, text) })
}

// label writes the label of a text, its probability and the text on one line.
func (c *classifier) label(w io.Writer, text string) error {
	ids, err := c.tok.AppendEncode(nil, text)
	if err != nil {
		return err
	}
	row := data.Row{IDs: ids[:min(len(ids), c.Context)], Class: ops.IgnoreTarget}
	found, err := train.Predict(c.program, data.Rows{row}, c.size)
	if err != nil {
		return err
	}
	p := found[0]
	_, err = fmt.Fprintf(w, "%s\t%.4f\t%s\n", c.Labels[p.Class], p.Probabilities[p.Class], text)
	return errors.WithStack(err)
}
