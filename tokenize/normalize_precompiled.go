package tokenize

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/pkg/errors"
	"github.com/rivo/uniseg"
)

// Precompiled is the Normalizer that replaces characters by sentencepiece's table, as Hugging Face does. A grapheme (UAX
// #29) of at most five bytes is replaced as a whole by the replacement of the shortest string in the table that is a
// prefix of it. If there is no such string, each of its characters is replaced separately. (The normalizer of a
// sentencepiece file looks for the longest string instead, at every character.)
type Precompiled struct{ table *charsmap }

// maxGrapheme is the length, in bytes, of the longest grapheme that is looked up as a whole.
const maxGrapheme = 5

// ParsePrecompiled reads a table in sentencepiece's format (precompiled_charsmap). It keeps data.
func ParsePrecompiled(data []byte) (Precompiled, error) {
	table, err := parseCharsmap(data)
	return Precompiled{table}, errors.WithMessage(err, "tokenize: precompiled")
}

// Bytes returns the table in sentencepiece's format. It must not be changed.
func (p Precompiled) Bytes() []byte {
	if p.table == nil {
		return nil
	}
	return p.table.data
}

type jsonPrecompiled struct {
	Type     string `json:"type"`
	Charsmap string `json:"precompiled_charsmap"`
}

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (p Precompiled) MarshalJSON() ([]byte, error) {
	return marshal(jsonPrecompiled{"Precompiled", base64.StdEncoding.EncodeToString(p.Bytes())})
}

// UnmarshalJSON reads the Normalizer.
func (p *Precompiled) UnmarshalJSON(data []byte) error {
	var f jsonPrecompiled
	if err := json.Unmarshal(data, &f); err != nil {
		return errors.WithStack(err)
	}
	table, err := base64.StdEncoding.DecodeString(f.Charsmap)
	if err != nil {
		return errors.Wrap(err, "precompiled_charsmap")
	}
	p.table, err = parseCharsmap(table)
	return err
}

// Normalize implements Normalizer. The characters of a replacement have their origins in the characters of the grapheme,
// one by one; surplus characters have their origin in the last one. (If a character is replaced by nothing, Hugging
// Face's offsets of the following text may be wrong; the ids are the same.)
func (p Precompiled) Normalize(t Text) Text {
	b := t.builder()
	changed := false
	for r := (graphemes{table: p.table, s: t.s}); r.at < len(t.s); {
		from, text, replaced := r.next()
		if !replaced {
			b.WriteText(t.Slice(from, r.at))
			continue
		}
		changed = true
		for i := range text {
			_, w := utf8.DecodeRuneInString(text[i:])
			_, old := utf8.DecodeRuneInString(t.s[from:r.at])
			b.Write(text[i:i+w], t.Span(from, from+old))
			if from+old < r.at {
				from += old
			}
		}
	}
	if !changed {
		return t
	}
	return b.Text()
}

func (p Precompiled) appendRewritten(dst []byte, text string) ([]byte, error) {
	dst = slices.Grow(dst, len(text))
	for r := (graphemes{table: p.table, s: text}); r.at < len(text); {
		from, replacement, replaced := r.next()
		if !replaced {
			replacement = text[from:r.at]
		}
		dst = append(dst, replacement...)
	}
	return dst, nil
}

// graphemes reads a text and finds the parts that are replaced.
type graphemes struct {
	table *charsmap
	s     string
	at    int
	end   int // end of a grapheme that is read character by character
}

// next advances r.at. It returns where it began and the replacement of the text between.
func (r *graphemes) next() (from int, text string, replaced bool) {
	from = r.at
	if r.table == nil {
		r.at = len(r.s)
		return from, "", false
	}
	if r.at >= r.end {
		if r.plain(); r.at > from {
			return from, "", false
		}
		cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(r.s[from:], -1)
		r.end = from + len(cluster)
		if len(cluster) <= maxGrapheme {
			if text, _, replaced = r.table.shortest(cluster); replaced {
				r.at = r.end
				return from, text, true
			}
		}
	}
	_, w := utf8.DecodeRuneInString(r.s[from:])
	r.at += w
	text, _, replaced = r.table.shortest(r.s[from:r.at])
	return from, text, replaced
}

// plain skips ASCII characters that are not replaced. An ASCII character before another one is a grapheme, except a
// carriage return before a newline.
func (r *graphemes) plain() {
	for r.at < len(r.s) {
		b := r.s[r.at]
		if b >= utf8.RuneSelf || b == '\r' || r.table.ascii[b] || r.at+1 < len(r.s) && r.s[r.at+1] >= utf8.RuneSelf {
			return
		}
		r.at++
	}
}
