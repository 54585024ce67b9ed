package tokenize

import "unicode/utf8"

// Prepend is the Normalizer that puts a string in front of a text that is not empty. The origin of the string is the
// first character of the text.
type Prepend struct {
	Text string `json:"prepend"`
}

// Normalize implements Normalizer.
func (p Prepend) Normalize(t Text) Text { return prepend(t, p.Text) }

func prepend(t Text, s string) Text {
	switch {
	case t.s == "" || s == "":
		return t
	case t.idsOnly:
		return Text{s: s + t.s, idsOnly: true}
	}
	b := t.builder()
	_, w := utf8.DecodeRuneInString(t.s)
	b.Write(s, t.Span(0, w))
	b.WriteText(t)
	return b.Text()
}

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (p Prepend) MarshalJSON() ([]byte, error) {
	type fields Prepend
	return typed("Prepend", fields(p))
}
