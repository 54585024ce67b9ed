package tokenize

import (
	"iter"

	"github.com/pkg/errors"
)

// BPETrainer makes a byte-level BPE tokenizer, which encodes any string and gives it back byte for byte. From the same
// texts it makes the same merges as Hugging Face's BpeTrainer: the most frequent pair of neighbours becomes a token, of
// pairs that are equally frequent the one with the lower ids, until the vocabulary is full.
type BPETrainer struct {
	VocabSize    int            // entries at most, special tokens and bytes included; 0: 30,000
	MinFrequency int64          // pairs that are rarer do not merge
	Special      []string       // the first ids, in this order
	SeenBytes    bool           // only bytes of the texts get tokens: others are an error when encoded
	Normalizer   Normalizer     // nil: text as it is
	Splitter     Splitter       // nil: ByteLevel, GPT-2's; must hold a ByteLevel
	Workers      int            // 0: GOMAXPROCS. The result does not depend on it
	Progress     func(Progress) // called from the goroutine that trains
}

// Train makes a tokenizer of texts.
func (t BPETrainer) Train(texts iter.Seq[string]) (*Tokenizer, error) {
	if t.VocabSize == 0 {
		t.VocabSize = 30000
	}
	if t.Splitter == nil {
		t.Splitter = ByteLevel{}
	}
	w := wordList{size: t.VocabSize, special: t.Special}
	if err := w.begin(); err != nil {
		return nil, errors.WithMessage(err, "tokenize: train bpe")
	}
	c := counter{t.Normalizer, t.Splitter, w.matcher(), t.Workers, t.Progress}
	b := newPairs(t, c.count(texts), w.ids)
	if len(b.ids) > t.VocabSize {
		return nil, errors.Errorf("tokenize: train bpe: a vocabulary of %d has no room for %d bytes and special tokens", t.VocabSize, len(b.ids))
	}
	b.merge()
	m, err := NewBPE(BPEConfig{Vocab: b.ids, Merges: b.merges})
	if err != nil {
		return nil, err
	}
	return New(Stages{Normalizer: t.Normalizer, Splitter: t.Splitter, Model: m, Decoder: ByteLevel{}, Added: w.added()})
}

// TrainFiles is Train on the lines of files (see Lines).
func (t BPETrainer) TrainFiles(paths ...string) (*Tokenizer, error) {
	return trainFiles(paths, t.Train)
}

// pairs counts pairs of neighbours in words while they merge. Words lie one after the other in symbols and shrink in place.
type pairs struct {
	trainer BPETrainer
	ids     map[string]int32
	tokens  map[int32]string
	merges  [][2]string

	symbols []int32
	start   []int   // of each word in symbols
	length  []int32 // of each word by now
	counts  []int64 // of each word

	stats   map[uint64]*pairStat
	touched []uint64 // pairs with fresh words
	heap    []candidate
}

// pairStat is what is known of a pair.
type pairStat struct {
	count int64
	fresh []int32 // words that have gained the pair since it was last put on the heap
}

// candidate is a pair that may merge next, and words that it may stand in. Its count may be out of date: it is looked up
// when the candidate comes to the top.
type candidate struct {
	count int64
	pair  uint64
	words []int32
}

// before is the order of merging: the higher count, then the lower ids.
func (c candidate) before(o candidate) bool {
	return c.count > o.count || c.count == o.count && c.pair < o.pair
}

func newPairs(t BPETrainer, all *tally, ids map[string]int32) *pairs {
	b := &pairs{trainer: t, ids: ids, tokens: map[int32]string{}, counts: all.counts, stats: map[uint64]*pairStat{}}
	bytes := b.alphabet(all.pieces)
	for w, piece := range all.pieces {
		b.start = append(b.start, len(b.symbols))
		b.length = append(b.length, int32(len(piece)))
		for i := range len(piece) {
			b.symbols = append(b.symbols, bytes[piece[i]])
			if i > 0 {
				last := b.symbols[len(b.symbols)-2:]
				b.change(last[0], last[1], int32(w), 1)
			}
		}
	}
	b.push()
	return b
}

// alphabet gives bytes their ids, in GPT-2's order.
func (b *pairs) alphabet(pieces []string) (ids [256]int32) {
	var seen [256]bool
	for _, piece := range pieces {
		for i := range len(piece) {
			seen[piece[i]] = true
		}
	}
	for _, c := range alphabet() {
		if seen[c] || !b.trainer.SeenBytes {
			ids[c] = b.token(string(byteRunes[c]))
		}
	}
	return ids
}

// token returns the id of a token, the next free one when it is new.
func (b *pairs) token(token string) int32 {
	id, ok := b.ids[token]
	if !ok {
		id = int32(len(b.ids))
		b.ids[token] = id
	}
	b.tokens[id] = token
	return id
}

// change counts a pair that word w has gained (by 1) or lost (by −1).
func (b *pairs) change(left, right, w int32, by int64) {
	pair := pairOf(left, right)
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

// push puts the pairs with fresh words on the heap.
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

// merge merges the best pair until the vocabulary is full or none is frequent enough.
func (b *pairs) merge() {
	for len(b.ids) < b.trainer.VocabSize && len(b.heap) > 0 {
		top := b.heapPop()
		if now := b.stats[top.pair].count; now != top.count {
			top.count = now
			b.heapPush(top)
			continue
		}
		if top.count < max(1, b.trainer.MinFrequency) {
			break
		}
		left, right := int32(top.pair>>32), int32(uint32(top.pair))
		b.merges = append(b.merges, [2]string{b.tokens[left], b.tokens[right]})
		made := b.token(b.tokens[left] + b.tokens[right])
		for _, w := range top.words {
			b.mergeWord(w, left, right, made)
		}
		b.push()
		b.report(len(b.merges)%256 == 0)
	}
	b.report(true)
}

func (b *pairs) report(now bool) {
	if now && b.trainer.Progress != nil {
		b.trainer.Progress(Progress{"merge", int64(len(b.ids)), int64(b.trainer.VocabSize)})
	}
}

// mergeWord merges left and right in word w, from the left, and counts the pairs that come and go.
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
