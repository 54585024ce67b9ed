package main

import (
	"context"
	"fmt"
	"io"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// compare prints the loss of both models on the text.
func (c *conversion) compare(w io.Writer) error {
	before, err := c.loss(c.model)
	if err != nil {
		return err
	}
	after, err := c.loss(c.out)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "loss %.4f before, %.4f after: %+.3f %%, on %d tokens of %s\n",
		before.Loss, after.Loss, 100*(after.Loss/before.Loss-1), before.Tokens, c.data)
	return errors.WithStack(err)
}

// loss scores a model on the text, in windows of its context.
func (c *conversion) loss(path string) (train.Evaluation, error) {
	m, err := folder.Open(path)
	if err != nil {
		return train.Evaluation{}, err
	}
	tok, err := folder.Tokenizer(path)
	if err != nil {
		return train.Evaluation{}, err
	}
	corpus, err := data.Text{Paths: []string{c.data}, Encoding: c.encoding, Encoder: tok.ForText()}.Corpus()
	if err != nil {
		return train.Evaluation{}, err
	}
	params, err := folder.Expect(path, m)
	if err != nil {
		return train.Evaluation{}, err
	}
	p, err := graph.Build(params, graph.Eval, m.Loss(c.batch, m.Window()))
	if err != nil {
		return train.Evaluation{}, err
	}
	if err := folder.Load(path, m, params.All()); err != nil {
		return train.Evaluation{}, err
	}
	windows := corpus.Sequential(c.batch, m.Window())
	return train.Evaluate(context.Background(), p, windows, windows.Len())
}
