package trainer

import (
	"cmp"
	"hash/fnv"
	"maps"
	"math"
	"slices"
	"strings"
)

// tally holds pieces with their counts.
type tally struct {
	index  map[string]int32
	pieces []string
	counts []int64
}

func newTally() *tally { return &tally{index: map[string]int32{}} }

func (t *tally) add(piece string, n int64) {
	i, ok := t.index[piece]
	if !ok {
		piece = strings.Clone(piece) // does not keep the text in memory
		i = t.put(piece)
	}
	t.counts[i] += n
}

// put adds a piece, which has no entry yet.
func (t *tally) put(piece string) int32 {
	i := int32(len(t.pieces))
	t.index[piece] = i
	t.pieces = append(t.pieces, piece)
	t.counts = append(t.counts, 0)
	return i
}

// take moves the pieces of o to t.
func (t *tally) take(o *tally) {
	if len(t.pieces) == 0 {
		*t, *o = *o, *newTally()
		return
	}
	for i, piece := range o.pieces {
		at, ok := t.index[piece]
		if !ok {
			at = t.put(piece)
		}
		t.counts[at] += o.counts[i]
	}
	*o = *newTally()
}

// prune keeps the most frequent pieces, most of them. A hash decides between equally frequent pieces, so that no script is
// preferred and the order of the pieces does not matter.
func (t *tally) prune(most int) {
	counts := slices.Sorted(slices.Values(t.counts))
	least := counts[len(counts)-most]
	kept := newTally()
	type draw struct {
		hash uint64
		i    int
	}
	var ties []draw
	for i, n := range t.counts {
		if n > least {
			kept.counts[kept.put(t.pieces[i])] = n
		} else if n == least {
			h := fnv.New64a()
			_, _ = h.Write([]byte(t.pieces[i])) // a hash never fails
			ties = append(ties, draw{h.Sum64(), i})
		}
	}
	slices.SortFunc(ties, func(a, b draw) int {
		if a.hash != b.hash {
			return cmp.Compare(a.hash, b.hash)
		}
		return strings.Compare(t.pieces[a.i], t.pieces[b.i])
	})
	for _, d := range ties[:most-len(kept.pieces)] {
		kept.counts[kept.put(t.pieces[d.i])] = least
	}
	*t = *kept
}

// sorted returns the indices of the pieces in order of their bytes. That order does not vary from run to run.
func (t *tally) sorted() []int {
	order := make([]int, len(t.pieces))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(t.pieces[a], t.pieces[b]) })
	return order
}

// alphabet returns the characters of all and of initial, by code point. If there are more than limit, it leaves
// out the rarest, those of initial last; 0 means no limit.
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
