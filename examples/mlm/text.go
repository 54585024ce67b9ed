package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/columns"
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// text is the text of a source: lines of a column, or files.
type text struct {
	source
	lines []string // of -column
	files textfile.Set
}

// read reads the lines of -column, or finds the files of -data.
func (s source) read() (t text, err error) {
	t.source = s
	if s.data == "" {
		if s.column != "" {
			return t, errors.Errorf("-column is %q, but -data is missing: name a file with a text per line", s.column)
		}
		if t.data, err = goroot.Opticks(); err != nil {
			return t, err
		}
	}
	if s.column == "" {
		t.files = textfile.Set{Paths: []string{t.data}, Encoding: s.Encoding}
		return t, nil
	}
	layout, numbers, err := s.Find(s.data, columns.Column{Flag: "column", Name: s.column})
	if err != nil {
		return t, err
	}
	layout.Text = numbers[0]
	t.lines, err = data.ReadColumn(s.data, layout)
	return t, err
}

// train trains a tokenizer on the text.
func (t text) train(tr trainer.Trainer) (*tokenize.Tokenizer, error) {
	if t.column != "" {
		return tr.Train(slices.Values(t.lines))
	}
	return trainer.TrainOn(t.files, tr)
}

// rows returns the texts as rows of at most context tokens, each between the tokens that begin and end a text, and the number of rows
// that were cut. Running text gives rows of the same length. Rows without a word are left out.
func (t text) rows(tok encoders.Tokens, context int) (rows data.Rows, cut int, err error) {
	var pieces [][]int32
	if t.column == "" {
		pieces, err = t.windows(tok, context-2)
	} else {
		pieces, cut, err = t.cutLines(tok, context-2)
	}
	keep := tok.Keep()
	for _, ids := range pieces {
		if slices.ContainsFunc(ids, func(id int32) bool { return !slices.Contains(keep, id) }) {
			rows = append(rows, data.Row{IDs: slices.Concat([]int32{tok.CLS}, ids, []int32{tok.SEP}), Class: ops.IgnoreTarget})
		}
	}
	if err == nil && len(rows) == 0 {
		err = errors.Errorf("%s holds no words", t.data)
	}
	return rows, cut, err
}

// windows cuts the ids of the files into pieces of n.
func (t text) windows(tok encoders.Tokens, n int) ([][]int32, error) {
	corpus, err := data.Text{Paths: t.files.Paths, Encoding: t.files.Encoding, Encoder: tok.Tokenizer}.Corpus()
	if err != nil {
		return nil, err
	}
	ids := make([]int32, corpus.Len())
	if err := corpus.Tokens(ids, 0); err != nil {
		return nil, err
	}
	return slices.Collect(slices.Chunk(ids, n)), nil
}

// cutLines returns the first n ids of each line, and the number of lines that were longer.
func (t text) cutLines(tok encoders.Tokens, n int) (pieces [][]int32, cut int, err error) {
	for i, line := range t.lines {
		ids, err := tok.Tokenizer.AppendEncode(nil, line)
		if err != nil {
			return nil, 0, errors.WithMessagef(err, "%s: text %d", t.data, i+1)
		}
		if len(ids) > n {
			ids = ids[:n]
			cut++
		}
		pieces = append(pieces, ids)
	}
	return pieces, cut, nil
}

// split holds rows out: the last rows of running text, and random rows of lines.
func (s source) split(rows data.Rows, seed uint64) (learning, held data.Rows, err error) {
	if s.column == "" {
		n := len(rows) - int(s.heldOut*float64(len(rows)))
		learning, held = rows[:n], rows[n:]
	} else {
		random := kernel.Seed{Key: kernel.Key(seed, "held out")}
		for i, row := range rows {
			if random.Uniform(uint64(i)) < s.heldOut {
				held = append(held, row)
			} else {
				learning = append(learning, row)
			}
		}
	}
	if len(held) == 0 || len(learning) == 0 {
		return nil, nil, errors.Errorf("-held-out %g leaves %d of %d texts to learn from and holds %d out: want some of both",
			s.heldOut, len(learning), len(rows), len(held))
	}
	return learning, held, nil
}

// keyOf returns the key of the data of a run: the number of texts to learn from and the key of all texts.
func keyOf(learning, held data.Rows) string {
	return fmt.Sprintf("%d-%s", len(learning), slices.Concat(learning, held).Key())
}

// name returns the name of the source in messages.
func (s source) name() string { return cmp.Or(s.data, "Newton's Opticks") }
