package tokenize

import (
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
)

// spmUnigram is sentencepiece's search for the most probable segmentation (unigram_model.cc, EncodeOptimized). Sums are
// stored in float32 but compared before rounding, and the score of user-defined pieces always wins.
type spmUnigram struct{ viterbi }

func newSPMUnigram(f *spmFile, plain map[string]int32, unknown int32) (*spmUnigram, error) {
	const smallest = 0x1p-126 // C's FLT_MIN, the initial value of sentencepiece's maximum
	lowest, highest := float32(3.40282347e38), float32(smallest)
	for _, p := range f.pieces {
		if p.kind == spmNormal {
			lowest, highest = min(lowest, p.score), max(highest, p.score)
		}
	}
	u := &spmUnigram{viterbi{scores: make([]float64, len(f.pieces)), unknown: unknown, single: true}}
	u.unknownScore = float64(lowest - unknownPenalty)
	used := make(map[string]int32, len(plain))
	for text, id := range plain {
		switch p := f.pieces[id]; p.kind {
		case spmUnused:
			continue
		case spmUserDefined:
			u.scores[id] = float64(float32(len(text))*highest) - 0.1
		default:
			u.scores[id] = float64(p.score)
		}
		used[text] = id
	}
	var err error
	u.trie, err = table.NewTrie(used)
	return u, err
}

// wordEnd implements spmSearch. The rounding of sums depends on all text before, so text is not cut.
func (u *spmUnigram) wordEnd(text string, _ int) int { return len(text) }

func (u *spmUnigram) cut(s *spmScratch, text string) []Token { return u.viterbi.cut(&s.viterbi, text) }

// spmWords is the model of words, which begin with "▁".
type spmWords struct{ m *SentencePiece }

func (w spmWords) wordEnd(text string, at int) int {
	if n := strings.Index(text[at+1:], "▁"); n >= 0 {
		return at + 1 + n
	}
	return len(text)
}

func (w spmWords) cut(s *spmScratch, part string) []Token {
	s.viterbi.tokens = append(s.viterbi.tokens[:0], Token{w.m.id(part), Span{0, len(part)}})
	return s.viterbi.tokens
}

// spmChars is the model of characters and user-defined pieces.
type spmChars struct {
	m     *SentencePiece
	users *spmUsers
}

func (c spmChars) wordEnd(text string, _ int) int { return len(text) }

func (c spmChars) cut(s *spmScratch, text string) []Token {
	tokens := s.viterbi.tokens[:0]
	for at := 0; at < len(text); {
		n := c.users.longest(text[at:])
		if n == 0 {
			n = min(runeLens[text[at]>>4], len(text)-at)
		}
		tokens = append(tokens, Token{c.m.id(text[at : at+n]), Span{at, at + n}})
		at += n
	}
	s.viterbi.tokens = tokens
	return tokens
}
