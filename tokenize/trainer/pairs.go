package trainer

import (
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// pairs counts the pairs of neighbours in words during the merges. Words follow each other in symbols and shrink in place.
type pairs struct {
	*draft
	rules  mergeRules
	merges [][2]string

	symbols []int32
	start   []int   // of each word in symbols
	length  []int32 // of each word, after the merges so far
	counts  []int64 // of each word

	stats   map[uint64]*pairStat
	touched []uint64 // pairs with fresh words
	heap    []candidate
}

// mergeRules say which pairs merge.
type mergeRules struct {
	least    int64  // least count of a pair
	longest  int    // maximum number of characters of a token; 0: no limit
	prefix   string // of tokens inside a word; a merge removes it from the right token
	progress func(Progress)
}

// pairStat is the state of a pair.
type pairStat struct {
	count int64
	fresh []int32 // words that gained the pair since its last push on the heap
}

// candidate is a pair that may merge next, with words that may contain it. Its count may be out of date: merge checks the count
// of the candidate at the top.
type candidate struct {
	count int64
	pair  uint64
	words []int32
}

// before reports whether c merges before o: by the higher count, then by the lower ids.
func (c candidate) before(o candidate) bool {
	return c.count > o.count || c.count == o.count && c.pair < o.pair
}

// unspelled marks a character without a token. No pair merges across it.
const unspelled = -1

// newPairs spells the pieces of all.
func newPairs(d *draft, rules mergeRules, all *tally, spell speller) *pairs {
	b := &pairs{draft: d, rules: rules, stats: map[uint64]*pairStat{}}
	for i, piece := range all.pieces {
		from := len(b.symbols)
		b.symbols = spell(b.symbols, piece)
		at := from
		for ; from < len(b.symbols); from++ {
			if b.symbols[from] == unspelled {
				b.word(at, from, all.counts[i])
				at = from + 1
			}
		}
		b.word(at, from, all.counts[i])
	}
	b.push()
	return b
}

// word adds symbols[from:to] as a word that occurs n times.
func (b *pairs) word(from, to int, n int64) {
	if to-from < 2 {
		return
	}
	w := int32(len(b.start))
	b.start, b.length, b.counts = append(b.start, from), append(b.length, int32(to-from)), append(b.counts, n)
	for i := from + 1; i < to; i++ {
		b.change(b.symbols[i-1], b.symbols[i], w, 1)
	}
}

// change counts a pair that word w gained (by 1) or lost (by −1).
func (b *pairs) change(left, right, w int32, by int64) {
	pair := table.PairOf(left, right)
	s := b.stats[pair]
	if s == nil {
		s = &pairStat{}
		b.stats[pair] = s
	}
	s.count += by * b.counts[w]
	if by < 0 {
		return
	}
	n := len(s.fresh)
	if n == 0 {
		b.touched = append(b.touched, pair)
	}
	if n == 0 || s.fresh[n-1] != w {
		s.fresh = append(s.fresh, w)
	}
}

// push pushes the pairs with fresh words on the heap.
func (b *pairs) push() {
	for _, pair := range b.touched {
		s := b.stats[pair]
		if s.count > 0 {
			b.heapPush(candidate{s.count, pair, s.fresh})
		}
		s.fresh = nil
	}
	b.touched = b.touched[:0]
}

// merge merges the best pair until the vocabulary is full or no pair is frequent enough.
func (b *pairs) merge() {
	for b.room() > 0 && len(b.heap) > 0 {
		top := b.heapPop()
		if now := b.stats[top.pair].count; now != top.count {
			top.count = now
			b.heapPush(top)
			continue
		}
		if top.count < max(1, b.rules.least) {
			break
		}
		left, right := int32(top.pair>>32), int32(uint32(top.pair))
		text := b.tokens[left] + strings.TrimPrefix(b.tokens[right], b.rules.prefix)
		if b.rules.longest > 0 && utf8.RuneCountInString(text) > b.rules.longest {
			continue
		}
		b.merges = append(b.merges, [2]string{b.tokens[left], b.tokens[right]})
		made := b.token(text)
		for _, w := range top.words {
			b.mergeWord(w, left, right, made)
		}
		b.push()
		if len(b.merges)%256 == 0 && b.room() > 0 {
			b.report(b.size)
		}
	}
	b.report(len(b.tokens))
}

func (b *pairs) report(total int) {
	if b.rules.progress != nil {
		b.rules.progress(Progress{"merge", int64(len(b.tokens)), int64(total)})
	}
}

// mergeWord merges left and right in word w, from the left, and updates the counts of pairs.
func (b *pairs) mergeWord(w, left, right, made int32) {
	at := b.start[w]
	word := b.symbols[at : at+int(b.length[w])]
	out := 0 // word[:out] is done
	for i := 0; i < len(word); i++ {
		if word[i] != left || i+1 == len(word) || word[i+1] != right {
			word[out] = word[i]
			out++
			continue
		}
		if out > 0 {
			b.change(word[out-1], left, w, -1)
			b.change(word[out-1], made, w, 1)
		}
		if i+2 < len(word) {
			b.change(right, word[i+2], w, -1)
			b.change(made, word[i+2], w, 1)
		}
		word[out] = made
		out++
		i++
	}
	b.length[w] = int32(out)
}

func (b *pairs) heapPush(c candidate) {
	b.heap = append(b.heap, c)
	for i := len(b.heap) - 1; i > 0; {
		parent := (i - 1) / 2
		if !b.heap[i].before(b.heap[parent]) {
			break
		}
		b.heap[i], b.heap[parent] = b.heap[parent], b.heap[i]
		i = parent
	}
}

func (b *pairs) heapPop() candidate {
	top, last := b.heap[0], len(b.heap)-1
	b.heap[0], b.heap[last] = b.heap[last], candidate{}
	b.heap = b.heap[:last]
	for i := 0; ; {
		best := i
		for child := 2*i + 1; child <= 2*i+2 && child < last; child++ {
			if b.heap[child].before(b.heap[best]) {
				best = child
			}
		}
		if best == i {
			return top
		}
		b.heap[i], b.heap[best] = b.heap[best], b.heap[i]
		i = best
	}
}
