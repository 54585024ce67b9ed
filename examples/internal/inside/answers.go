package inside

import (
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// mostChoices is the number of tokens that Next names.
const mostChoices = 40

// Next implements page.Inside.
func (m *Model) Next(q page.NextQuestion) (*page.Next, error) {
	w, err := m.at(q.Step)
	if err != nil {
		return nil, err
	}
	in, text, _, err := m.input(q.Question)
	if err != nil {
		return nil, err
	}
	r, err := w.Read(in)
	if err != nil {
		return nil, err
	}
	if r.Logits.Rows != len(text.ids) {
		return nil, errors.Errorf("a model of kind %s has no next token", m.kind())
	}
	logits := r.Logits.Row(len(text.ids) - 1)
	o := generate.Options{Temperature: q.Temperature, TopK: q.TopK, TopP: q.TopP, MinP: q.MinP}
	drawn, err := generate.Choices(logits, text.ids, 0, o)
	if err != nil {
		return nil, err
	}
	probability := map[int32]float64{}
	for _, c := range drawn {
		probability[c.ID] = c.Probability
	}
	n := &page.Next{Kept: len(drawn), Choices: []page.Choice{}}
	for _, g := range m.best(logits, mostChoices) {
		c := page.Choice{Guess: g, Logit: float64(logits[g.ID]), ModelProbability: g.Probability}
		c.Probability = probability[g.ID]
		n.Choices = append(n.Choices, c)
	}
	return n, nil
}

// Limits of Words.
const (
	mostWords   = 100
	mostNearest = 100
)

// Words implements page.Inside.
func (m *Model) Words(q page.WordsQuestion) (*page.Words, error) {
	w, err := m.at(q.Step)
	if err != nil {
		return nil, err
	}
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
	r.Vector = table.Row(int(q.ID))
	if q.Other >= 0 {
		r.Other, r.Cosine = table.Row(int(q.Other)), inspect.Cosine(table.Row(int(q.ID)), table.Row(int(q.Other)))
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

// table returns the table of token embeddings.
func (m *Model) table(w *weights) (inspect.Matrix, error) {
	path, err := w.TablePath()
	if err != nil {
		return inspect.Matrix{}, err
	}
	return w.Table(path)
}

// Map implements page.Inside.
func (m *Model) Map(step int) (*page.Map, error) {
	w, err := m.at(step)
	if err != nil {
		return nil, err
	}
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
	w, err := m.at(-1)
	if err != nil {
		return nil, err
	}
	in, err := m.example()
	if err != nil {
		return nil, err
	}
	c, err := w.Cost(in)
	if err != nil {
		return nil, err
	}
	g := &page.Graph{Root: page.Node{Parts: []page.Node{}, Shapes: []page.Shape{}}}
	g.Memory.Weights, g.Memory.Arena, g.Memory.Total = c.Memory.Params, c.Memory.Arena, c.Memory.Total()
	for path, t := range w.Params().All() {
		add(&g.Root, page.Merged(path), func(n *page.Node) {
			n.Parameters += t.DataSize()
		}, func(n *page.Node, name string) {
			if !slices.ContainsFunc(n.Shapes, func(s page.Shape) bool { return s.Name == name }) {
				n.Shapes = append(n.Shapes, page.Shape{Name: name, Shape: t.Shape()})
			}
		})
	}
	for _, cost := range c.Paths {
		add(&g.Root, append(strings.Split(cost.Path, "."), ""), func(n *page.Node) {
			n.FLOPs, n.Seconds, n.Bytes = n.FLOPs+cost.FLOPs, n.Seconds+cost.Seconds, n.Bytes+cost.Bytes
		}, nil)
	}
	return g, nil
}

// add calls sum for the root and for every scope of a path but its last name, and leaf, if any, for the innermost scope.
func add(root *page.Node, path []string, sum func(n *page.Node), leaf func(n *page.Node, name string)) {
	n := root
	sum(n)
	for i, name := range path[:len(path)-1] {
		if name == "" {
			continue
		}
		k := slices.IndexFunc(n.Parts, func(p page.Node) bool { return p.Name == name })
		if k < 0 {
			n.Parts = append(n.Parts, page.Node{Name: name, Path: strings.Join(path[:i+1], "."), Parts: []page.Node{}, Shapes: []page.Shape{}})
			k = len(n.Parts) - 1
		}
		n = &n.Parts[k]
		sum(n)
	}
	if leaf != nil {
		leaf(n, path[len(path)-1])
	}
}

// example returns an input of the model, for its costs.
func (m *Model) example() (inspect.Input, error) {
	text := Samples()[0]
	in, _, _, err := m.input(page.Question{Text: text, Source: text})
	return in, err
}

// Batch implements page.Inside: the losses are those of the newest checkpoint before the step.
func (m *Model) Batch(step int) (*page.Batch, error) {
	if m.Texts == nil {
		return nil, errors.New("the training data are not open: their texts cannot be shown")
	}
	rows, err := m.Texts(step)
	if err != nil {
		return nil, err
	}
	at := -1
	if m.Steps != nil {
		for _, s := range m.Steps() {
			if s < step {
				at = s
			}
		}
	}
	w, err := m.at(at)
	if err != nil {
		return nil, err
	}
	b := &page.Batch{Step: step, Weights: w.step, Texts: [][]page.Token{}}
	for _, ids := range rows[:min(len(rows), 64)] {
		r, err := w.Read(inspect.Input{Tokens: ids})
		if err != nil {
			return nil, err
		}
		row := []page.Token{}
		for i, id := range ids {
			t := page.Token{ID: id, Text: m.text(id), Span: i}
			if i > 0 && r.Logits.Rows == len(ids) {
				p := logProbability(r.Logits.Row(i-1), id)
				t.LogProb = &p
			}
			row = append(row, t)
		}
		b.Texts = append(b.Texts, row)
	}
	return b, nil
}
