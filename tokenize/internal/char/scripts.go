package char

import (
	"maps"
	"slices"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/rangetable"
)

// Scripts numbers the scripts of Unicode 9.0 from 1, in order of name. A space and a character without a script have
// number 0.
var Scripts = sync.OnceValue(func() *Table {
	all := make([]uint8, unicode.MaxRune+1)
	number := map[string]uint8{}
	for i, name := range slices.Sorted(maps.Keys(unicode.Scripts)) {
		number[name] = uint8(i + 1)
	}
	number["Hiragana"], number["Katakana"] = number["Han"], number["Han"]
	for name, table := range unicode.Scripts {
		rangetable.Visit(table, func(r rune) {
			if unicode.Is(Unicode9, r) {
				all[r] = number[name]
			}
		})
	}
	all[' '], all['ー'] = 0, number["Han"]
	all[0x589], all[0x61c] = number["Common"], number["Common"]         // Armenian and Arabic in later versions
	all[0x953], all[0x954] = number["Devanagari"], number["Devanagari"] // Inherited in later versions
	return Pack(all)
})

var Unicode9 = rangetable.Assigned("9.0.0")
