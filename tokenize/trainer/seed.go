package trainer

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// sentences are the pieces that a Unigram model is fitted to, one after the other, as numbers of characters.
type sentences struct {
	symbols []int32
	end     []int32 // by symbol: the end of its sentence
	starts  []int32 // of each sentence
	counts  []int64 // of each sentence

	alphabet []rune // of each symbol: its character
	number   map[rune]int32
}

// maxSentence is the greatest length of a sentence. A longer piece becomes several sentences.
const maxSentence = 4096

// newSentences spells the pieces of all with the characters of alphabet. Any other character splits a piece in two.
func newSentences(all *tally, alphabet []rune) (*sentences, error) {
	s := &sentences{alphabet: alphabet, number: make(map[rune]int32, len(alphabet))}
	for i, r := range alphabet {
		s.number[r] = int32(i)
	}
	for _, i := range all.sorted() {
		s.add(all.pieces[i], all.counts[i])
		if len(s.symbols) > math.MaxInt32-maxSentence {
			return nil, errors.Errorf("the different pieces have more than %d characters: split more, or lower MaxPieces",
				math.MaxInt32-maxSentence)
		}
	}
	return s, nil
}

// add adds a piece that occurs n times.
func (s *sentences) add(piece string, n int64) {
	from := len(s.symbols)
	for _, r := range piece {
		symbol, known := s.number[r]
		if known {
			s.symbols = append(s.symbols, symbol)
		}
		if !known || len(s.symbols)-from == maxSentence {
			from = s.close(from, n)
		}
	}
	s.close(from, n)
}

// close ends a sentence that starts at from. It returns the start of the next one.
func (s *sentences) close(from int, n int64) int {
	end := len(s.symbols)
	if from < end {
		s.starts, s.counts = append(s.starts, int32(from)), append(s.counts, n)
	}
	for range end - from {
		s.end = append(s.end, int32(end))
	}
	return end
}

// sentence returns the symbols of sentence i.
func (s *sentences) sentence(i int) []int32 {
	from := s.starts[i]
	return s.symbols[from:s.end[from]]
}

// text returns the symbols of a seed.
func (s *sentences) text(p seed) []int32 { return s.symbols[p.at : p.at+p.length] }

// spelling returns the characters of a seed.
func (s *sentences) spelling(p seed) string {
	var b strings.Builder
	for _, symbol := range s.text(p) {
		b.WriteRune(s.alphabet[symbol])
	}
	return b.String()
}

// seed is a substring that may become a piece.
type seed struct {
	at, length int32 // one of its occurrences in symbols
	count      int64
}

// seeder finds the first pieces of a Unigram model: every character, and every longer substring that occurs twice and is not
// always followed by the same character. These are the inner nodes of a suffix tree up to a depth (Kudo 2018, arXiv 1804.10959,
// uses a suffix array). seeder walks the tree by sorting the places of a string by the next symbol.
type seeder struct {
	*sentences
	weights []int64 // of each symbol: the count of its sentence
	longest int     // maximum number of symbols of a seed
	found   []seed  // in order of their symbols
}

// seeds returns the seeds of at most longest symbols, in order of their symbols.
func (s *sentences) seeds(longest int) []seed {
	f := seeder{sentences: s, longest: longest, weights: make([]int64, len(s.symbols))}
	places := make([]int32, len(s.symbols))
	for i, from := range s.starts {
		for at := from; at < s.end[from]; at++ {
			f.weights[at], places[at] = s.counts[i], at
		}
	}
	f.below(places, 0)
	return f.found
}

// next returns the symbol at depth after a place, or -1 at the end of a sentence.
func (f *seeder) next(at int32, depth int) int32 {
	i := at + int32(depth)
	if i >= f.end[at] {
		return -1
	}
	return f.symbols[i]
}

// visit takes the places of a string of depth symbols. The string is a seed if different symbols follow it.
func (f *seeder) visit(places []int32, depth int) {
	var total, end int64
	first, same := f.next(places[0], depth), true
	for _, at := range places {
		total += f.weights[at]
		next := f.next(at, depth)
		if next < 0 {
			end += f.weights[at]
		}
		same = same && next == first
	}
	if depth == 1 || !same || end > 0 {
		f.found = append(f.found, seed{places[0], int32(depth), total})
	}
	if depth < f.longest && total-end >= 2 {
		f.below(places, depth)
	}
}

// below visits the strings that extend the string at places by a symbol and occur twice.
func (f *seeder) below(places []int32, depth int) {
	slices.SortFunc(places, func(a, b int32) int { return cmp.Compare(f.next(a, depth), f.next(b, depth)) })
	for from := 0; from < len(places); {
		symbol := f.next(places[from], depth)
		to, weight := from, int64(0)
		for ; to < len(places) && f.next(places[to], depth) == symbol; to++ {
			weight += f.weights[places[to]]
		}
		if symbol >= 0 && (weight >= 2 || depth == 0) {
			f.visit(places[from:to], depth+1)
		}
		from = to
	}
}
