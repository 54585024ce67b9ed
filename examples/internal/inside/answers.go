package inside

import (
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// Limits of Words.
const (
	mostWords   = 100
	mostNearest = 100
)

// Words implements page.Inside.
func (m *Model) Words(q page.WordsQuestion) (*page.Words, error) {
	w, done, err := m.at(q.Step)
	if err != nil {
		return nil, err
	}
	defer done()
	table, err := m.table(w)
	if err != nil {
		return nil, err
	}
	for _, id := range []int32{q.ID, q.Other} {
		if id < -1 || int(id) >= table.Rows {
			return nil, errors.Errorf("token %d, want -1 for none, or an id below %d", id, table.Rows)
		}
	}
	r := &page.Words{Words: []page.Word{}, Nearest: []page.Word{}}
	for id := range int32(table.Rows) {
		text := m.text(id)
		if !strings.Contains(text, q.Search) {
			continue
		}
		if r.Total++; r.Total > max(q.First, 0) && len(r.Words) < mostWords {
			r.Words = append(r.Words, word(id, text, table, q.ID))
		}
	}
	if q.ID < 0 {
		return r, nil
	}
	near, err := table.Nearest(q.ID, min(q.Nearest, mostNearest))
	if err != nil {
		return nil, err
	}
	for _, n := range near {
		r.Nearest = append(r.Nearest, page.Word{ID: n.ID, Text: m.text(n.ID), Cosine: &n.Cosine})
	}
	r.Vector = slices.Clone(table.Row(int(q.ID))) // the answer is sent when training may write the table
	if q.Other >= 0 {
		r.Other, r.Cosine = slices.Clone(table.Row(int(q.Other))), inspect.Cosine(table.Row(int(q.ID)), table.Row(int(q.Other)))
	}
	return r, nil
}

// word returns a row of the vocabulary, compared with id.
func word(row int32, text string, table inspect.Matrix, id int32) page.Word {
	w := page.Word{ID: row, Text: text}
	if id >= 0 {
		c := inspect.Cosine(table.Row(int(id)), table.Row(int(row)))
		w.Cosine = &c
	}
	return w
}

// table returns the table of token embeddings: the weights themselves.
func (m *Model) table(w *weights) (inspect.Matrix, error) {
	path, err := w.TablePath()
	if err != nil {
		return inspect.Matrix{}, err
	}
	return w.Table(path)
}

// Map implements page.Inside.
func (m *Model) Map(step int) (*page.Map, error) {
	w, done, err := m.at(step)
	if err != nil {
		return nil, err
	}
	defer done()
	table, err := m.table(w)
	if err != nil {
		return nil, err
	}
	plane, err := table.Map()
	if err != nil {
		return nil, err
	}
	p := &page.Map{Texts: make([]string, plane.Rows)}
	for i := range plane.Rows {
		p.X, p.Y = append(p.X, plane.Row(i)[0]), append(p.Y, plane.Row(i)[1])
		p.Texts[i] = m.text(int32(i))
	}
	return p, nil
}

// Graph implements page.Inside.
func (m *Model) Graph() (*page.Graph, error) {
	w, done, err := m.at(-1)
	if err != nil {
		return nil, err
	}
	defer done()
	in, err := m.example()
	if err != nil {
		return nil, err
	}
	memory, operations, err := w.Cost(in)
	if err != nil {
		return nil, err
	}
	return page.NewGraph(w.Params(), memory, operations), nil
}

// example returns an input of the model, for its costs.
func (m *Model) example() (inspect.Input, error) {
	q := page.Question{}
	if samples := m.samples(); len(samples) > 0 {
		q.Text, q.Source = samples[0], samples[0]
	}
	x, err := m.input(q)
	if w := m.window(); w > 0 && len(x.Tokens) > w {
		x.Tokens, err = x.Tokens[:w], nil
	}
	return x.Input, err
}
