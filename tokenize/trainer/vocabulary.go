package trainer

import (
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize"
)

// words assigns the next ids to words and makes the tokenizer of s with them.
func (p *plan) words(d *draft, s tokenize.Stages, words []string) (*tokenize.Tokenizer, error) {
	for _, word := range words {
		d.token(word)
	}
	m, err := tokenize.NewWordLevel(d.ids, p.unknown)
	if err != nil {
		return nil, err
	}
	return p.finish(d, s, m)
}

// frequent returns the words of t that have no id yet and occur least times or more, the most frequent first.
func (d *draft) frequent(t *tally, least int64) []string {
	counts := map[string]int64{}
	for i, piece := range t.pieces {
		counts[validText(piece)] += t.counts[i]
	}
	var words []string
	for word, n := range counts {
		if _, known := d.ids[word]; !known && n >= least {
			words = append(words, word)
		}
	}
	slices.SortFunc(words, func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return words
}

// validText returns s with U+FFFD for each byte that is not part of a character.
func validText(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}
