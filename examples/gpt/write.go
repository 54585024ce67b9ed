package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/prompts"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/tokenize"
)

// writeScores writes a line for each token: its id, its log-probability and its text in the vocabulary. A blank line ends the list.
func writeScores(ctx context.Context, w io.Writer, tok *tokenize.Tokenizer, tokens iter.Seq2[generate.Token, error]) error {
	for t, err := range tokens {
		if err != nil {
			return err
		}
		text, _ := tok.IDToToken(t.ID)
		if _, err := fmt.Fprintf(w, "%d\t%.4f\t%q\n", t.ID, t.LogProb, text); err != nil {
			return errors.WithStack(err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	_, err := fmt.Fprintln(w)
	return errors.WithStack(err)
}

// write writes the parts of a text as they arrive, and then a newline. It stops early if ctx is cancelled.
func write(ctx context.Context, w io.Writer, text iter.Seq2[string, error]) error {
	for part, err := range text {
		if err != nil {
			return err
		}
		if _, err := io.WriteString(w, prompts.Whole(part)); err != nil {
			return errors.WithStack(err)
		}
		if ctx.Err() != nil {
			break
		}
	}
	_, err := fmt.Fprintln(w)
	return errors.WithStack(err)
}

// follow yields the prompt and then the generated tokens, so that one decoder sees both. If the first token fails, it yields only the
// error.
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
