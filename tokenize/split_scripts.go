package tokenize

import "github.com/gorgoformer/gorgoformer/tokenize/internal/char"

// UnicodeScripts is the Splitter that cuts where the script changes. A space belongs to the script before it. Hiragana
// and Katakana count as Han (sentencepiece, trainer_interface.cc).
type UnicodeScripts struct{}

// Split implements Splitter. Spaces at the start of a text are dropped.
func (UnicodeScripts) Split(dst []Text, t Text) []Text {
	start := -1
	var last uint8
	for i, r := range t.s {
		script := char.Scripts().Class(r)
		if script == 0 || script == last && start >= 0 {
			continue
		}
		if start >= 0 {
			dst = append(dst, t.Slice(start, i))
		}
		start, last = i, script
	}
	if start >= 0 {
		dst = append(dst, t.Slice(start, len(t.s)))
	}
	return dst
}

// MarshalJSON returns the Splitter in the form of tokenizer.json.
func (UnicodeScripts) MarshalJSON() ([]byte, error) { return named("UnicodeScripts") }
