package inside

import (
	"math"
	"slices"
	"strings"

	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// Read implements page.Inside.
func (m *Model) Read(q page.Question) (*page.Reading, error) {
	w, done, err := m.at(q.Step)
	if err != nil {
		return nil, err
	}
	defer done()
	x, err := m.input(q)
	if err != nil {
		return nil, err
	}
	r, err := w.read(x.Input)
	if err != nil {
		return nil, err
	}
	a := &page.Reading{
		Step: w.step, Tokens: tokens(x.text), Source: tokens(x.source), Picture: x.picture, Vectors: streams(r.Vectors), Positions: streams(r.Positions),
		Attentions: attentions(r.Attentions), Early: []page.Early{},
	}
	if m.predicts() == "token" {
		for i := 1; i < len(x.Tokens); i++ {
			p := logProbability(r.Logits.Row(i-1), x.Tokens[i])
			a.Tokens[i].LogProb = &p
		}
	}
	if a.Early, err = m.early(w, r); err != nil {
		return nil, err
	}
	a.Relative, err = m.relative(r, len(x.Tokens))
	return a, err
}

// early applies the head to the last token's stream after each part.
func (m *Model) early(w *weights, r *inspect.Reading) ([]page.Early, error) {
	all := []page.Early{}
	if m.kind() != "causal" || len(r.Streams) == 0 {
		return all, nil
	}
	last := inspect.Stream{Matrix: inspect.Matrix{Rows: len(r.Streams), Cols: r.Streams[0].Cols}}
	for _, s := range r.Streams {
		if s.Cols != last.Cols {
			return all, nil // no head reads streams of several widths
		}
		last.Values = append(last.Values, s.Row(s.Rows-1)...)
	}
	logits, err := w.Lens(last)
	if err != nil {
		return all, nil // a model without such an end
	}
	for i, s := range r.Streams {
		all = append(all, page.Early{Path: s.Path, Guesses: m.best(logits.Row(i), 5)})
	}
	return all, nil
}

// best returns the n most likely tokens.
func (m *Model) best(logits []float32, n int) []page.Guess {
	ids := make([]int32, 0, n+1) // the best so far
	for i, l := range logits {
		if len(ids) == n && !(l > logits[ids[n-1]]) {
			continue
		}
		at := len(ids)
		for at > 0 && l > logits[ids[at-1]] {
			at--
		}
		ids = slices.Insert(ids, at, int32(i))
		ids = ids[:min(n, len(ids))]
	}
	scale := logSum(logits)
	guesses := []page.Guess{}
	for _, id := range ids {
		guesses = append(guesses, page.Guess{ID: id, Text: m.name(id), Probability: math.Exp(float64(logits[id]) - scale)})
	}
	return guesses
}

// text returns a token as a reader sees it: the text that it adds.
func (m *Model) text(id int32) string {
	if m.Tokenizer == nil {
		return itemText(id)
	}
	m.spelling.Do(func() {
		m.spelled = make([]string, m.Tokenizer.VocabSize())
		for i := range m.spelled {
			m.spelled[i] = m.spell(int32(i))
		}
	})
	if id < 0 || int(id) >= len(m.spelled) {
		return "" // a row of the table that no token has
	}
	return m.spelled[id]
}

// spell decodes a token.
func (m *Model) spell(id int32) string {
	if !m.Tokenizer.IsSpecial(id) {
		if t, err := m.Tokenizer.ForText().Decode([]int32{id}); err == nil && t != "" && !strings.ContainsRune(t, '�') {
			if spelled, ok := m.Tokenizer.IDToToken(id); ok && strings.HasPrefix(spelled, "▁") && !strings.HasPrefix(t, " ") {
				return " " + t // the decoder drops the space at the beginning of a text
			}
			return t
		}
	}
	t, _ := m.Tokenizer.IDToToken(id)
	return t
}

// logProbability returns the natural logarithm of the softmax of the logits at id.
func logProbability(logits []float32, id int32) float64 { return float64(logits[id]) - logSum(logits) }

// logSum returns the natural logarithm of the sum of the exponentials of the logits.
func logSum(logits []float32) float64 {
	top, sum := math.Inf(-1), 0.0
	for _, l := range logits {
		top = max(top, float64(l))
	}
	for _, l := range logits {
		sum += math.Exp(float64(l) - top)
	}
	return top + math.Log(sum)
}

func tokens(x encoded) []page.Token {
	all := []page.Token{}
	for i, id := range x.ids {
		all = append(all, page.Token{ID: id, Text: x.texts[i], Span: x.spans[i]})
	}
	return all
}

func matrix(m inspect.Matrix) page.Matrix {
	return page.Matrix{Rows: m.Rows, Cols: m.Cols, Values: m.Values}
}

func streams(in []inspect.Stream) []page.Layer {
	all := []page.Layer{}
	for _, s := range in {
		all = append(all, page.Layer{Path: s.Path, Matrix: matrix(s.Matrix)})
	}
	return all
}

func attentions(in []inspect.Attention) []page.Attention {
	all := []page.Attention{}
	for _, a := range in {
		part := ""
		for _, name := range []string{"encoder", "decoder"} {
			if strings.Contains(a.Path, name+".") && strings.Contains(a.Path, "transformer.") || strings.HasPrefix(a.Path, name+".block") {
				part = name
			}
		}
		grid := make([]byte, len(a.Probabilities))
		for i, p := range a.Probabilities {
			grid[i] = byte(math.Round(255 * float64(min(max(p, 0), 1))))
		}
		all = append(all, page.Attention{Path: a.Path, Cross: a.Cross, Part: part, Heads: a.Heads, T: a.T, S: a.S, Grid: grid})
	}
	return all
}

// Head implements page.Inside.
func (m *Model) Head(q page.HeadQuestion) (*page.Head, error) {
	w, done, err := m.at(q.Step)
	if err != nil {
		return nil, err
	}
	defer done()
	x, err := m.input(q.Question)
	if err != nil {
		return nil, err
	}
	h, err := w.Head(x.Input, q.Path, q.Head)
	if err != nil {
		return nil, err
	}
	return &page.Head{Query: matrix(h.Query), Key: matrix(h.Key), Value: matrix(h.Value), Scores: matrix(h.Scores), Probabilities: matrix(h.Probabilities)}, nil
}
