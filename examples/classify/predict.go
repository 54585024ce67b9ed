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

// open reads a model folder. Its Program computes logits of b texts at a time.
func open(dir string, b int) (c classifier, err error) {
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
	c.size = c.tok.size(b, c.Context)
	params := graph.NewParams(tensor.Float32, 1)
	if c.program, err = graph.Build(params, graph.Eval, c.Logits(b, c.Context)); err != nil {
		return c, err
	}
	return c, checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{})
}

// prediction holds the flags of predict.
type prediction struct {
	set         *flags.Set
	model, text string
}

func (p *prediction) flags(f *flags.Set) {
	p.set = f
	f.StringVar(&p.model, "model", "out/classify", "`folder` of the model")
	f.StringVar(&p.text, "text", "", "text to label (default: asks on a terminal, else reads one text a line)")
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
	c, err := open(p.model, 1)
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

// evaluation holds the flags of eval.
type evaluation struct {
	format
	model, data string
	batch       int
}

func (e *evaluation) flags(f *flags.Set) {
	f.StringVar(&e.model, "model", "out/classify", "`folder` of the model")
	f.StringVar(&e.data, "data", "", "`file` of labelled texts to score, .gz too")
	e.format.flags(f)
	f.IntVar(&e.batch, "batch", 32, "texts in a batch")
}

// run scores a model on a file of labelled texts.
func (e *evaluation) run(w io.Writer) error {
	if err := flags.First(flags.AtLeast("batch", e.batch, 1), flags.File("data", e.data)); err != nil {
		return err
	}
	if e.data == "" {
		return errors.New("-data is missing: name a file of labelled texts to score")
	}
	if err := flags.Model("model", e.model); err != nil {
		return err
	}
	c, err := open(e.model, e.batch)
	if err != nil {
		return err
	}
	texts, err := e.read(e.data)
	if err != nil {
		return err
	}
	rows, err := data.EncodeRows(texts, c.tok, c.Labels)
	if err != nil {
		return errors.WithMessage(err, e.data)
	}
	rows, cut := rows.Truncate(c.Context)
	if cut > 0 {
		fmt.Fprintf(w, "cut to %d tokens: %d texts\n", c.Context, cut)
	}
	return score(w, c.program, rows, c.size, c.Labels)
}

// score writes the loss, the scores of each class and the confusion matrix.
func score(w io.Writer, p *graph.Program, rows data.Rows, size data.RowSize, labels []string) error {
	found, err := train.Predict(p, rows, size)
	if err != nil {
		return err
	}
	e, err := found.Evaluation()
	if err != nil {
		return err
	}
	c, err := found.Classification(labels)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "loss %.4f accuracy %.4f texts %d\n\n%v", e.Loss, e.Accuracy, e.Tokens, c)
	return errors.WithStack(err)
}
