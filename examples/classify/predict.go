package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
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

// classifier is a trained model: its tokenizer, and its Program for batches of some sizes.
type classifier struct {
	kind
	dir     string
	tok     encoder
	program *graph.Program
	sizes   []data.RowSize
}

// open reads the configuration and the tokenizer of a model folder. With omit, the tokenizer leaves out text that has no token.
func open(dir string, omit bool) (c classifier, err error) {
	c.dir = dir
	m, err := models.Open(dir)
	if err != nil {
		return c, err
	}
	if c.kind, err = of(m, dir); err != nil {
		return c, err
	}
	tok, err := tokenize.Load(dir)
	if err != nil {
		return c, err
	}
	if c.tok, err = newEncoder(tok, c.framed); err != nil {
		return c, errors.WithMessagef(err, "the tokenizer of %s", dir)
	}
	c.tok.OmitUnknown = omit
	return c, nil
}

// build builds the Program, which computes the logits of a batch, and loads its weights.
func (c *classifier) build(sizes ...data.RowSize) (err error) {
	c.sizes = sizes
	params := graph.NewParams(tensor.Float32, 1)
	c.program, err = graph.BuildShapes(params, graph.Eval, sizes, func(s *graph.Scope, z data.RowSize) { c.Logits(z.B, z.T)(s) })
	if err != nil {
		return err
	}
	if e, ok := c.model.(models.TextEncoder); ok {
		return encoders.LoadWhole(c.dir, e, params.All())
	}
	return checkpoints.LoadWeights(c.dir, params.All(), checkpoints.Rules{Rename: c.Rename, Ignore: c.Ignore})
}

// openOne reads a model folder. Its Program computes the logits of one text, padded to a Context divided by a power of 2.
func openOne(dir string, omit bool) (c classifier, err error) {
	if c, err = open(dir, omit); err != nil {
		return c, err
	}
	sizes := []data.RowSize{{B: 1, T: c.context, Pad: c.tok.pad}}
	for t := c.context / 2; t >= 8; t /= 2 {
		sizes = append(sizes, data.RowSize{B: 1, T: t, Pad: c.tok.pad})
	}
	return c, c.build(sizes...)
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
	c, err := openOne(p.model, p.omit)
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
	rows, _ := c.tok.truncate(data.Rows{{IDs: ids, Class: ops.IgnoreTarget}}, c.context)
	found, err := train.Predict(c.program, rows, c.sizes...)
	if err != nil {
		return err
	}
	p := found[0]
	_, err = fmt.Fprintf(w, "%s\t%.4f\t%s\n", c.labels[p.Class], p.Probabilities[p.Class], text)
	return errors.WithStack(err)
}
