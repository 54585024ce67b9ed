package tokenize

import (
	"maps"
	"slices"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/rangetable"
)

// UnicodeScripts is the Splitter that cuts where the script changes. A space belongs to the script before it; Hiragana and
// Katakana count as Han (sentencepiece, trainer_interface.cc).
type UnicodeScripts struct{}

// Split implements Splitter. Spaces at the start of a text are in no piece.
func (UnicodeScripts) Split(dst []Text, t Text) []Text {
	start := -1
	var last uint8
	for i, r := range t.s {
		script := scripts().class(r)
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

// scripts numbers the scripts of Unicode 9.0, from 1 on in order of name. A space and what has none are 0.
var scripts = sync.OnceValue(func() *runeTable {
	all := make([]uint8, unicode.MaxRune+1)
	number := map[string]uint8{}
	for i, name := range slices.Sorted(maps.Keys(unicode.Scripts)) {
		number[name] = uint8(i + 1)
	}
	number["Hiragana"], number["Katakana"] = number["Han"], number["Han"]
	for name, table := range unicode.Scripts {
		rangetable.Visit(table, func(r rune) {
			if unicode.Is(unicode9, r) {
				all[r] = number[name]
			}
		})
	}
	all[' '], all['ー'] = 0, number["Han"]
	all[0x589], all[0x61c] = number["Common"], number["Common"]         // Armenian and Arabic since
	all[0x953], all[0x954] = number["Devanagari"], number["Devanagari"] // Inherited since
	return packRunes(all)
})

// MarshalJSON writes the Splitter as files hold it.
func (UnicodeScripts) MarshalJSON() ([]byte, error) { return named("UnicodeScripts") }
