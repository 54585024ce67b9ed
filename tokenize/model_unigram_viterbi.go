package tokenize

import (
	"slices"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// viterbi finds the segmentation of a text into pieces with the greatest sum of scores (Viterbi 1967). If two
// segmentations up to the same place have equal sums, the one whose last piece begins first is kept.
type viterbi struct {
	trie         table.Trie
	scores       []float64 // by id
	unknown      int32     // the id of a character without a piece of its length; -1: none
	unknownScore float64
	single       bool // round sums to float32, but compare them before rounding, as sentencepiece does
}

// unknownPenalty is the difference between the lowest score of a piece and the score of an unknown character
// (sentencepiece, kUnkPenalty).
const unknownPenalty = 10

// pathEnd is the best path to a place of the text: its score and its last piece.
type pathEnd struct {
	score  float64
	id     int32
	length int32 // bytes of the last piece; 0: no path ends here
}

// viterbiScratch is the memory of one goroutine.
type viterbiScratch struct {
	ends   []pathEnd // by byte of the text, plus one for its end
	tokens []Token
	out    []Token // result of cut
	cache  table.Cache
}

// cut returns the pieces of text in the memory of s.
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

// runeLens maps the upper half of a character's first byte to the length of the character.
var runeLens = [16]int{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4}

// extend adds every piece at the start of text to the paths from ends[0]. It reports whether a piece has w bytes, the
// length of the first character.
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

// addUnknown adds the first character, of w bytes, as unknown.
func (v *viterbi) addUnknown(ends []pathEnd, w int) {
	score := ends[0].score + v.unknownScore
	if v.single {
		score = float64(float32(score))
	}
	if end := &ends[w]; end.length == 0 || score > end.score {
		*end = pathEnd{score, v.unknown, int32(w)}
	}
}
