package tokenize

import (
	"slices"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// viterbi finds the cut of a text into pieces whose scores have the greatest sum (Viterbi 1967). Of two cuts with equal
// sums up to a place, the one whose last piece begins first is kept.
type viterbi struct {
	trie         table.Trie
	scores       []float64 // by id
	unknown      int32     // the id of a character that begins no piece of its length; -1: none
	unknownScore float64
	single       bool // sums are rounded to float32, but compared before that, as sentencepiece does
}

// unknownPenalty is how much worse than the worst piece an unknown character is (sentencepiece, kUnkPenalty).
const unknownPenalty = 10

// pathEnd is the best way to a place of the text: its score, and the last piece.
type pathEnd struct {
	score  float64
	id     int32
	length int32 // bytes of the last piece; 0: no way leads here
}

// viterbiScratch is the memory of one goroutine.
type viterbiScratch struct {
	ends   []pathEnd // by byte of the text, one more than it has
	tokens []Token
	out    []Token // for the caller
	cache  wordCache
}

// cut returns the pieces of text, in memory of s.
func (v *viterbi) cut(s *viterbiScratch, text string) []Token {
	if cap(s.ends) <= len(text) {
		s.ends = make([]pathEnd, len(text)+len(text)/4+64)
	}
	ends := s.ends[:len(text)+1]
	clear(ends)
	for at := 0; at < len(text); {
		w := min(runeLens[text[at]>>4], len(text)-at)
		if !v.extend(ends[at:], text[at:], w) {
			v.addUnknown(ends[at:], w)
		}
		at += w
	}
	n := 0
	for end := len(text); end > 0; end -= int(ends[end].length) {
		n++
	}
	s.tokens = slices.Grow(s.tokens[:0], n)[:n]
	for end := len(text); end > 0; {
		n--
		start := end - int(ends[end].length)
		s.tokens[n] = Token{ends[end].id, Span{start, end}}
		end = start
	}
	return s.tokens
}

// runeLens is the length of a character by the upper half of its first byte.
var runeLens = [16]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4}

// extend takes every piece at the start of text from ends[0] on. It tells whether one is as long as the first character,
// which has w bytes.
func (v *viterbi) extend(ends []pathEnd, text string, w int) (whole bool) {
	base, units, scores, from := v.trie.Root(), v.trie.Units, v.scores, ends[0].score
	for i := range len(text) {
		u := units[base^uint32(text[i])]
		if u.Link&0x1ff != table.TrieUsed|uint32(text[i]) {
			break
		}
		base = u.Link >> 9
		if u.Value < 0 {
			continue
		}
		score := from + scores[u.Value]
		if end := &ends[i+1]; end.length == 0 || score > end.score {
			if v.single {
				score = float64(float32(score))
			}
			*end = pathEnd{score, u.Value, int32(i + 1)}
		}
		whole = whole || i+1 == w
	}
	return whole
}

// addUnknown takes the first character, of w bytes, as an unknown one.
func (v *viterbi) addUnknown(ends []pathEnd, w int) {
	score := ends[0].score + v.unknownScore
	if v.single {
		score = float64(float32(score))
	}
	if end := &ends[w]; end.length == 0 || score > end.score {
		*end = pathEnd{score, v.unknown, int32(w)}
	}
}
