package tokenize

import (
	"encoding/json"
	"strings"

	"github.com/pkg/errors"
)

// PrependScheme selects the texts to which Metaspace adds a mark in front. A text that begins with the mark gets no
// other.
type PrependScheme string

// The schemes.
const (
	PrependAlways PrependScheme = "always"
	PrependFirst  PrependScheme = "first" // only at the start of the text, not after an added token
	PrependNever  PrependScheme = "never"
)

// Metaspace writes spaces as a visible mark, so that tokens can contain them (Kudo and Richardson 2018, arXiv
// 1808.06226). As a Splitter it makes every word a piece, with the mark in front. As a Decoder it turns marks into spaces
// and drops the marks of the first token. The zero value is sentencepiece's.
type Metaspace struct {
	Replacement string        // the mark, one character; "" means "▁"
	Prepend     PrependScheme // "" means always
	Whole       bool          // do not split
}

func (m Metaspace) mark() string {
	if m.Replacement == "" {
		return "▁"
	}
	return m.Replacement
}

func (m Metaspace) scheme() PrependScheme {
	if m.Prepend == "" {
		return PrependAlways
	}
	return m.Prepend
}

func (m Metaspace) check() error {
	switch m.scheme() {
	case PrependAlways, PrependFirst, PrependNever:
		return oneRune("replacement", m.mark())
	}
	return errors.Errorf("unknown prepend_scheme %q", string(m.Prepend))
}

// Split implements Splitter.
func (m Metaspace) Split(dst []Text, t Text) []Text {
	mark := m.mark()
	t = replaceAll(t, findText(t.s, " "), mark)
	if !strings.HasPrefix(t.s, mark) {
		if s := m.scheme(); s == PrependAlways || s == PrependFirst && t.Span(0, 0).Start == 0 {
			t = prepend(t, mark)
		}
	}
	if m.Whole {
		return append(dst, t)
	}
	for start := 0; start < len(t.s); {
		end := len(t.s)
		if next := strings.Index(t.s[start+1:], mark); next >= 0 {
			end = start + 1 + next
		}
		dst = append(dst, t.Slice(start, end))
		start = end
	}
	return dst
}

// jsonMetaspace is a Metaspace in the form of tokenizer.json. The last key is the older form of the scheme.
type jsonMetaspace struct {
	Type        string         `json:"type"`
	Replacement string         `json:"replacement"`
	Prepend     *PrependScheme `json:"prepend_scheme"`
	Split       *bool          `json:"split"`
	PrefixSpace *bool          `json:"add_prefix_space,omitempty"`
}

// MarshalJSON returns the stage in the form of tokenizer.json.
func (m Metaspace) MarshalJSON() ([]byte, error) {
	scheme, split := m.scheme(), !m.Whole
	return marshal(jsonMetaspace{Type: "Metaspace", Replacement: m.mark(), Prepend: &scheme, Split: &split})
}

// UnmarshalJSON reads the stage. The older key add_prefix_space selects the scheme always or never.
func (m *Metaspace) UnmarshalJSON(data []byte) error {
	var f jsonMetaspace
	if err := json.Unmarshal(data, &f); err != nil {
		return errors.WithStack(err)
	}
	*m = Metaspace{Replacement: f.Replacement, Prepend: PrependAlways, Whole: f.Split != nil && !*f.Split}
	switch {
	case f.Prepend != nil:
		m.Prepend = *f.Prepend
		if f.PrefixSpace != nil && !*f.PrefixSpace && m.Prepend != PrependNever {
			return errors.Errorf("prepend_scheme is %q and add_prefix_space false: they disagree", string(m.Prepend))
		}
	case f.PrefixSpace != nil && !*f.PrefixSpace:
		m.Prepend = PrependNever
	}
	return oneRune("replacement", f.Replacement)
}

// needsPlace reports whether s depends on where a piece starts in the text.
func needsPlace(s Splitter) bool {
	return each(s, func(part any) error {
		if m, ok := part.(Metaspace); ok && m.scheme() == PrependFirst {
			return errors.New("yes")
		}
		return nil
	}) != nil
}
