package tokenize

import (
	"cmp"
	"maps"
	"math"
	"slices"
)

// alphabet returns the characters of all and of initial, in order of their code points. When there are more than limit, the
// rarest are left out, those of initial last; 0: no limit. Bytes that are no characters count as U+FFFD.
func (t *tally) alphabet(initial string, limit int) []rune {
	counts := map[rune]int64{}
	for i, piece := range t.pieces {
		for _, r := range piece {
			counts[r] += t.counts[i]
		}
	}
	for _, r := range initial {
		counts[r] = math.MaxInt64
	}
	chars := slices.Collect(maps.Keys(counts))
	slices.SortFunc(chars, func(a, b rune) int { return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b)) })
	if limit > 0 {
		chars = chars[:min(limit, len(chars))]
	}
	slices.Sort(chars)
	return chars
}

// bytes gives tokens to all bytes, for characters that have none.
func (d *draft) bytes() {
	for b := range 256 {
		d.token(byteToken(byte(b)))
	}
}
