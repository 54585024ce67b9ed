package tokenize

import (
	"encoding/json"
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
	"golang.org/x/text/unicode/norm"
)

// Form is a Unicode normalization form (UAX #15), by its name: NFC, NFD, NFKC, NFKD. The origin of a decomposed character
// is the original character. The origin of a composed character covers all its parts. (Hugging Face's offsets then leave
// the accents out; the ids are the same.) Characters newer than Unicode 9.0, the version of the reference
// implementation's tables, stay unchanged.
type Form string

// The normalization forms.
const (
	NFC  Form = "NFC"
	NFD  Form = "NFD"
	NFKC Form = "NFKC"
	NFKD Form = "NFKD"
)

func (f Form) form() norm.Form {
	switch f {
	case NFD:
		return norm.NFD
	case NFKC:
		return norm.NFKC
	case NFKD:
		return norm.NFKD
	}
	return norm.NFC
}

func (f Form) composes() bool { return f != NFD && f != NFKD }

// parts returns the form that decomposes characters.
func (f Form) parts() norm.Form {
	if f == NFKC || f == NFKD {
		return norm.NFKD
	}
	return norm.NFD
}

// Normalize implements Normalizer. Unlike golang.org/x/text for streams, it does not break long runs of marks.
func (f Form) Normalize(t Text) Text {
	form := f.form()
	if form.IsNormalString(t.s) {
		return t
	}
	b := t.builder()
	w := formWriter{parts: f.parts(), composes: f.composes()}
	for i := 0; i < len(t.s); {
		n := form.QuickSpanString(t.s[i:])
		b.WriteText(t.Slice(i, i+n))
		i += n
		for end := i; i < len(t.s); i = end {
			_, size := utf8.DecodeRuneInString(t.s[i:])
			end += size
			if w.add(t, i, end); end == len(t.s) || startsAnew(form, t.s[end:]) {
				i = end
				break
			}
		}
		w.flush(b)
	}
	return b.Text()
}

// startsAnew reports whether the text before s does not affect the normalized form of s.
func startsAnew(form norm.Form, s string) bool { return form.PropertiesString(s).BoundaryBefore() }

// formWriter decomposes characters, orders their marks and composes them.
type formWriter struct {
	parts    norm.Form
	composes bool
	runes    []formRune
	origins  []Span // of the decomposed characters
	buf      []byte
}

// formRune is a character with its origin.
type formRune struct {
	text  string
	class uint8 // canonical combining class
	leads bool  // the first character of a decomposition
	from  Span
}

// add decomposes the character t.s[i:j].
func (w *formWriter) add(t Text, i, j int) {
	w.origins = append(w.origins, t.Span(i, j))
	w.buf = w.parts.AppendString(w.buf[:0], t.s[i:j])
	leads := true
	if r, _ := utf8.DecodeRuneInString(t.s[i:j]); r >= utf8.RuneSelf && !unicode.Is(char.Unicode9, r) {
		w.runes = append(w.runes, formRune{text: t.s[i:j], leads: true})
		return
	}
	for s := string(w.buf); s != ""; leads = false {
		_, n := utf8.DecodeRuneInString(s)
		w.runes = append(w.runes, formRune{text: s[:n], class: w.parts.PropertiesString(s).CCC(), leads: leads})
		s = s[n:]
	}
}

// flush writes the characters added so far.
func (w *formWriter) flush(b *TextBuilder) {
	w.order()
	if w.composes {
		w.compose()
	}
	for _, r := range w.runes {
		b.Write(r.text, r.from)
	}
	w.runes, w.origins = w.runes[:0], w.origins[:0]
}

// order puts marks in canonical order and gives each character its origin, so that origins increase along the text.
func (w *formWriter) order() {
	for i := 0; i < len(w.runes); i++ {
		start := i
		for i < len(w.runes) && w.runes[i].class != 0 {
			i++
		}
		slices.SortStableFunc(w.runes[start:i], func(a, b formRune) int { return int(a.class) - int(b.class) })
	}
	at := -1
	for i := range w.runes {
		if w.runes[i].leads {
			at++
		}
		w.runes[i].from = w.origins[max(at, 0)]
	}
}

// compose joins a character with the starter before it if Unicode has a composed character for the two.
func (w *formWriter) compose() {
	out := w.runes[:0]
	starter, last := -1, -1 // last: the class of the previous character, -1 for the starter itself
	for _, r := range w.runes {
		if starter >= 0 && last < int(r.class) {
			if both := norm.NFC.String(out[starter].text + r.text); utf8.RuneCountInString(both) == 1 {
				s := &out[starter]
				s.text, s.from = both, Span{min(s.from.Start, r.from.Start), max(s.from.End, r.from.End)}
				continue
			}
		}
		out = append(out, r)
		if last = int(r.class); r.class == 0 {
			starter, last = len(out)-1, -1
		}
	}
	w.runes = out
}

// MarshalJSON returns the Normalizer in the form of tokenizer.json.
func (f Form) MarshalJSON() ([]byte, error) { return named(string(f)) }

func form(f Form) reader[Normalizer] {
	return func(json.RawMessage, int) (Normalizer, error) { return f, nil }
}
