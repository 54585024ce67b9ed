package main

import (
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/corpora"
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// prepared reports whether -data is a folder of the program corpus.
func (s source) prepared() bool { return corpora.Is(s.data, nil) }

// readCorpora opens the prepared corpus and its tokenizer, which is that of the model in the folder from unless that is "".
func (t *training) readCorpora(from string) (err error) {
	if t.column != "" {
		return errors.Errorf("-column is %q, but -data is a prepared corpus: leave the flag out", t.column)
	}
	if t.corpora, err = corpora.Open(t.data, nil); err != nil {
		return err
	}
	own := from == "" && !t.corpora.Foreign()
	if own && t.given["tokenizer"] {
		return errors.Errorf("-tokenizer is %s, but %s has its own: leave the flag out", t.vocabulary.Name, t.data)
	}
	if own {
		from = t.data
	} else if from == "" && len(t.vocabulary.Paths()) == 0 {
		return errors.Errorf("%s has shards without a tokenizer: name the path of theirs with -tokenizer", t.data)
	}
	v, err := t.vocabulary.Open(from, nil)
	if err != nil {
		return err
	}
	if err := t.corpora.Check(v.Tokenizer); err != nil {
		return err
	}
	if own {
		if v, err = encoders.Frame(v); err != nil {
			return errors.Errorf("%s: %v: prepare it with -special %s", t.data, err, strings.Join(encoders.Special(t.family), ","))
		}
	}
	if t.tok, err = encoders.NewTokens(v.Tokenizer); err != nil {
		return err
	}
	t.setup.Files, t.setup.Data = v.Files, t.corpora.Key
	rows := t.batch.Shaping().Rows
	if rows == 0 {
		rows = max(1, t.batch.Shaping().Tokens/t.context)
	}
	t.sizes = []data.RowSize{{B: rows, T: t.context, Pad: t.tok.PAD}}
	return nil
}

// rows returns the rows to learn from, and their filled fraction.
func (t *training) rows() (data.TextRows, float64, error) {
	if t.corpora != nil {
		rows := t.corpora.Learning.Framed(t.sizes[0], t.tok.CLS, t.tok.SEP)
		rows.Seed = t.Seed
		return rows, 1, nil
	}
	rows := t.learning.Batches(t.sizes...)
	rows.Seed = t.Seed
	filled, err := rows.Filled()
	return rows, filled, err
}

// heldRows returns the held-out rows.
func (t *training) heldRows() data.TextRows {
	if t.corpora != nil {
		rows := t.corpora.Held.FramedSequential(t.sizes[0], t.tok.CLS, t.tok.SEP)
		if t.EvalTokens > 0 {
			rows.Spread = max(1, t.EvalTokens/t.masks.Places(t.context-2))
		}
		return rows
	}
	rows := t.held.Sequential(t.sizes...)
	rows.Spread = t.spread()
	return rows
}

// heldText returns the ids of a held-out text for a sample.
func (t *training) heldText(i int) ([]int32, error) {
	if t.corpora == nil {
		return t.held[i%len(t.held)].IDs, nil
	}
	n := min(t.context-2, t.corpora.Held.Len())
	ids := make([]int32, n)
	at := i * n % (t.corpora.Held.Len() - n + 1)
	if err := t.corpora.Held.Tokens(ids, at); err != nil {
		return nil, err
	}
	return append(append([]int32{t.tok.CLS}, ids...), t.tok.SEP), nil
}

// heldRowsOf returns the held-out rows of a prepared corpus for eval, their size and the key of the corpus.
func (e *evaluation) heldRowsOf(tok encoders.Tokens) (rows data.TextRows, size data.RowSize, key string, err error) {
	c, err := corpora.Open(e.data, nil)
	if err == nil {
		err = c.Check(tok.Tokenizer)
	}
	if err != nil {
		return nil, size, "", err
	}
	size = data.RowSize{B: e.batch, T: e.context, Pad: tok.PAD}
	return c.Held.FramedSequential(size, tok.CLS, tok.SEP), size, c.Key, nil
}
