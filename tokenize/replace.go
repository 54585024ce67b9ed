package tokenize

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// Replace writes Content in the place of every match of a pattern: of the text as a Normalizer, of each token as a Decoder.
// In a text Content has its origin in the last character of the match.
type Replace struct {
	Pattern string // a string, or a regular expression in Oniguruma's syntax
	Regex   bool   // Pattern is a regular expression
	Content string
}

func (r Replace) check() error {
	if !r.Regex {
		return nil
	}
	_, err := compile(r.Pattern)
	return errors.WithMessagef(err, "pattern %q", r.Pattern)
}

// Normalize implements Normalizer.
func (r Replace) Normalize(t Text) Text {
	return replaceAll(t, findAll(t.s, r.Pattern, r.Regex), r.Content)
}

func replaceAll(t Text, matches []Span, content string) Text {
	if len(matches) == 0 || t.s == "" {
		return t
	}
	b := t.builder()
	done := 0
	for _, m := range matches {
		b.WriteText(t.Slice(done, m.Start))
		from := Span{}
		if !t.loose && m.End > 0 {
			from = t.Span(m.End-1, m.End)
		}
		b.Write(content, from)
		done = m.End
	}
	b.WriteText(t.Slice(done, len(t.s)))
	return b.Text()
}

// Decode implements Decoder.
func (r Replace) Decode(tokens []string) []string { return joinAll(r, tokens) }

func (r Replace) join(dst []byte, _, token string, _ bool) []byte {
	if token == "" {
		return dst
	}
	done := 0
	for _, m := range findAll(token, r.Pattern, r.Regex) {
		dst = append(append(dst, token[done:m.Start]...), r.Content...)
		done = m.End
	}
	return append(dst, token[done:]...)
}

// jsonPattern is a pattern as files hold it: one of the two is there.
type jsonPattern struct {
	String *string `json:"String,omitempty"`
	Regex  *string `json:"Regex,omitempty"`
}

func patternJSON(pattern string, regex bool) jsonPattern {
	if regex {
		return jsonPattern{Regex: &pattern}
	}
	return jsonPattern{String: &pattern}
}

func (p jsonPattern) read() (pattern string, regex bool, err error) {
	switch {
	case p.String != nil:
		return *p.String, false, nil
	case p.Regex != nil:
		return *p.Regex, true, nil
	}
	return "", false, errors.New("pattern: neither String nor Regex")
}

type jsonReplace struct {
	Type    string      `json:"type"`
	Pattern jsonPattern `json:"pattern"`
	Content string      `json:"content"`
}

// MarshalJSON writes the stage as files hold it.
func (r Replace) MarshalJSON() ([]byte, error) {
	return marshal(jsonReplace{"Replace", patternJSON(r.Pattern, r.Regex), r.Content})
}

// UnmarshalJSON reads the stage.
func (r *Replace) UnmarshalJSON(data []byte) (err error) {
	var f jsonReplace
	if err := json.Unmarshal(data, &f); err != nil {
		return errors.WithStack(err)
	}
	r.Content = f.Content
	r.Pattern, r.Regex, err = f.Pattern.read()
	return err
}
