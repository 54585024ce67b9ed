package tokenize

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Normalizer rewrites a text before it is split.
type Normalizer interface {
	// Normalize returns t rewritten, with the origin of every byte.
	Normalize(t Text) Text
}

// Normalizers applies each Normalizer to what the one before made.
type Normalizers []Normalizer

// Normalize implements Normalizer.
func (l Normalizers) Normalize(t Text) Text {
	for _, n := range l {
		t = n.Normalize(t)
	}
	return t
}

// Lowercase writes every character in lower case, without regard to language.
type Lowercase struct{}

// Normalize implements Normalizer.
func (Lowercase) Normalize(t Text) Text {
	var b TextBuilder
	for i := 0; i < len(t.s); {
		r, w := utf8.DecodeRuneInString(t.s[i:])
		s := t.s[i : i+w]
		switch low := unicode.ToLower(r); {
		case r == 'İ':
			s = "i̇" // the one character whose lower case is two (SpecialCasing.txt)
		case low != r:
			s = string(low)
		}
		b.Write(s, t.Span(i, i+w))
		i += w
	}
	return b.Text()
}

// Form is a Unicode normalization form (UAX #15), under its name: NFC, NFD, NFKC, NFKD. Characters that compose or
// decompose together share one origin: all the letters of a Hangul syllable come from the whole syllable, and a letter with
// an accent from both. (Hugging Face's offsets leave the accent out there; the ids are the same.)
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

// Normalize implements Normalizer.
func (f Form) Normalize(t Text) Text {
	form := f.form()
	if form.IsNormalString(t.s) {
		return t
	}
	var b TextBuilder
	for i := 0; i < len(t.s); {
		n := max(1, form.NextBoundaryInString(t.s[i:], true))
		b.Write(form.String(t.s[i:i+n]), t.Span(i, i+n))
		i += n
	}
	return b.Text()
}
