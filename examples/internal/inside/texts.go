package inside

import (
	"slices"
	"strings"

	"github.com/pkg/errors"
	"github.com/rivo/uniseg"

	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// Cutter is a tokenizer to compare with the model's.
type Cutter struct {
	Name string
	*tokenize.Tokenizer
}

// mostText bounds the bytes of a text.
const mostText = 20000

// Tokens implements page.Inside.
func (m *Model) Tokens(text string) (*page.Tokens, error) {
	if m.kind() == "items" {
		return m.itemTokens(text)
	}
	if m.Tokenizer == nil {
		return &page.Tokens{Cuts: []page.Cut{}}, nil
	}
	own, err := cut("model", m.Tokenizer, text)
	if err != nil {
		return nil, err
	}
	own.Name = "model: " + tokenizerName(m.Tokenizer)
	t := &page.Tokens{Cuts: []page.Cut{own}}
	for _, c := range m.Cuts {
		other, err := cut(c.Name, c.Tokenizer, text)
		if err != nil {
			return nil, err
		}
		t.Cuts = append(t.Cuts, other)
	}
	return t, nil
}

// itemTokens shows the items of a recommender.
func (m *Model) itemTokens(text string) (*page.Tokens, error) {
	x, err := m.items(text)
	if err != nil {
		return nil, err
	}
	c := page.Cut{Name: "model", Vocabulary: m.Model.(models.SASRec).Items + 1, Spans: []page.Span{}, Count: len(x.ids), Words: max(1, len(x.ids))}
	for i, id := range x.ids {
		c.Spans = append(c.Spans, page.Span{Text: x.texts[i], IDs: []int32{id}, Tokens: []string{x.texts[i]}})
	}
	return &page.Tokens{Cuts: []page.Cut{c}}, nil
}

// cut cuts a text into spans. Each holds all tokens of its characters.
func cut(name string, tok *tokenize.Tokenizer, text string) (page.Cut, error) {
	c := page.Cut{Name: name, Vocabulary: tok.VocabSize(), Spans: []page.Span{}, Words: max(1, len(strings.Fields(text)))}
	if len(text) > mostText {
		return c, errors.Errorf("the text has %d bytes, want at most %d", len(text), mostText)
	}
	e, err := tok.ForText().EncodeDetailed(text)
	if err != nil {
		return c, err
	}
	unknown, hasUnknown := tok.Unk()
	c.Count = len(e.IDs)
	edges := characters(text)
	at := 0 // end of the last span
	for i, o := range e.Offsets {
		start, end := edges.floor(o.Start), edges.ceil(o.End)
		missing := hasUnknown && e.IDs[i] == unknown
		if missing {
			c.Unknown++
		}
		n := len(c.Spans)
		if n > 0 && start < at {
			s := &c.Spans[n-1]
			s.IDs, s.Tokens, s.Unknown = append(s.IDs, e.IDs[i]), append(s.Tokens, e.Tokens[i]), s.Unknown || missing
			if end > at {
				s.Text += text[at:end]
				at = end
			}
			continue
		}
		if start > at { // the tokenizer drops this text
			c.Spans = append(c.Spans, page.Span{Text: text[at:start], IDs: []int32{}, Tokens: []string{}})
		}
		c.Spans = append(c.Spans, page.Span{Text: text[start:end], IDs: []int32{e.IDs[i]}, Tokens: []string{e.Tokens[i]}, Unknown: missing})
		at = max(at, end)
	}
	if at < len(text) {
		c.Spans = append(c.Spans, page.Span{Text: text[at:], IDs: []int32{}, Tokens: []string{}})
	}
	return c, nil
}

// edges holds the byte offsets of the beginnings of a text's grapheme clusters, and its length. A reader sees a grapheme cluster as one
// character.
type edges []int

func characters(text string) edges {
	e := edges{0}
	state := -1
	for at, rest := 0, text; len(rest) > 0; {
		var c string
		c, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		at += len(c)
		e = append(e, at)
	}
	return e
}

// floor returns the last edge at or before a byte.
func (e edges) floor(at int) int {
	i, found := slices.BinarySearch(e, at)
	if !found {
		i--
	}
	return e[max(i, 0)]
}

// ceil returns the first edge at or after a byte.
func (e edges) ceil(at int) int {
	i, _ := slices.BinarySearch(e, at)
	return e[min(i, len(e)-1)]
}

// encoded is a text as the model reads it.
type encoded struct {
	ids   []int32
	texts []string // of each token, as a reader sees it
	spans []int    // index of each token's span
}

// encode encodes a text for the model: the tokens that begin every text, and for an encoder those that end it, included.
func (m *Model) encode(text string, source bool) (encoded, error) {
	var x encoded
	if len(text) > mostText {
		return x, errors.Errorf("the text has %d bytes, want at most %d", len(text), mostText)
	}
	if m.Tokenizer == nil {
		return x, errors.New("the model has no tokenizer")
	}
	tok := m.Tokenizer.ForText()
	e, err := tok.EncodeDetailed(text)
	if err != nil {
		return x, err
	}
	x.ids = e.IDs
	begin, end := m.frame(source)
	x.ids = slices.Concat(begin, x.ids, end)
	spans := map[int]int{}
	edges := characters(text)
	for i, id := range x.ids {
		t, ok := tok.IDToToken(id)
		if !ok {
			t = "?"
		}
		span := -1 - i // a token of its own
		if k := i - len(begin); k >= 0 && k < len(e.IDs) && e.Texts[k] >= 0 {
			o := e.Offsets[k]
			start := edges.floor(o.Start)
			t = text[start:max(start, edges.ceil(o.End))]
			if strings.TrimSpace(t) == "" && o.Start == o.End {
				t = e.Tokens[k]
			}
			span = start
		}
		if _, ok := spans[span]; !ok {
			spans[span] = len(spans)
		}
		x.texts, x.spans = append(x.texts, t), append(x.spans, spans[span])
	}
	return x, nil
}

// frame returns the tokens that the model wants before and after a text.
func (m *Model) frame(source bool) (begin, end []int32) {
	switch f := m.Model.(type) {
	case models.Seq2Seq:
		if source {
			return nil, nil
		}
		return f.BOS[:min(1, len(f.BOS))], nil
	case models.T5:
		if source {
			return nil, f.EOS[:min(1, len(f.EOS))]
		}
		return f.BOS[:min(1, len(f.BOS))], nil
	case models.TextEncoder:
		if t, err := encoders.NewTokens(m.Tokenizer); err == nil {
			return []int32{t.CLS}, []int32{t.SEP}
		}
	case models.Classifier:
		for _, role := range []func() (int32, bool){m.Tokenizer.CLS, m.Tokenizer.BOS} {
			if id, ok := role(); ok {
				return []int32{id}, nil
			}
		}
	case models.LanguageModel:
		framing := m.Tokenizer.ForText()
		framing.Bare = false
		if ids, err := framing.Encode(""); err == nil && len(ids) > 0 {
			return ids[:1], nil
		}
	}
	return nil, nil
}
