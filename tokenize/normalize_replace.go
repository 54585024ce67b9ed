package tokenize

import (
	"encoding/json"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/onig"
	"github.com/pkg/errors"
)

// Replace writes Content in place of every match of a pattern: in the text as a Normalizer, in each token as a Decoder.
// In a text the origin of Content is the last character of the match. If a backtracking expression takes too long, the
// text stays unchanged; a Tokenizer returns an error for it.
type Replace struct {
	Pattern string // a string, or a regular expression in Oniguruma's syntax
	Regex   bool   // Pattern is a regular expression
	Content string
}

func (r Replace) check() error {
	if !r.Regex {
		return nil
	}
	_, err := onig.Compile(r.Pattern)
	return errors.WithMessagef(err, "pattern %q", r.Pattern)
}

// Normalize implements Normalizer.
func (r Replace) Normalize(t Text) Text {
	out, err := r.normalize(t)
	if err != nil {
		return t
	}
	return out
}

func (r Replace) normalize(t Text) (Text, error) {
	matches, err := findAll(t.s, r.Pattern, r.Regex)
	if err != nil {
		return t, err
	}
	return replaceAll(t, matches, r.Content), nil
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
		if !t.idsOnly && m.End > 0 {
			from = t.Span(m.End-1, m.End)
		}
		b.Write(content, from)
		done = m.End
	}
	b.WriteText(t.Slice(done, len(t.s)))
	return b.Text()
}

// Decode implements Decoder.
func (r Replace) Decode(tokens []string) []string {
	for i, token := range tokens {
		if out, err := r.replaceToken(token); err == nil {
			tokens[i] = out
		}
	}
	return tokens
}

func (r Replace) decode(tokens []string) (_ []string, err error) {
	for i, token := range tokens {
		if tokens[i], err = r.replaceToken(token); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

func (r Replace) replaceToken(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	matches, err := findAll(token, r.Pattern, r.Regex)
	if err != nil || len(matches) == 0 {
		return token, err
	}
	var dst []byte
	done := 0
	for _, m := range matches {
		dst = append(append(dst, token[done:m.Start]...), r.Content...)
		done = m.End
	}
	return string(append(dst, token[done:]...)), nil
}

// jsonPattern is a pattern in the form of tokenizer.json. One of the two fields is set.
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

// MarshalJSON returns the stage in the form of tokenizer.json.
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
