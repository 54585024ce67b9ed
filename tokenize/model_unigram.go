package tokenize

import (
	"math"
	"slices"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
	"github.com/pkg/errors"
)

// Unigram is the Model of a unigram language model over pieces. It returns the most probable segmentation of a text into
// pieces (Kudo 2018, arXiv 1804.10959; Hugging Face's Unigram). If there is an unknown token, adjacent unknown characters
// are one token. SentencePiece is the model of a sentencepiece file; it rounds differently.
type Unigram struct {
	config  UnigramConfig
	ids     map[string]int32 // the last id of a piece that occurs twice
	viterbi viterbi
	omit    bool       // unknown characters are left out
	bytes   [256]int32 // the ids of <0x00> … <0xFF>, -1: none
	free    table.Pool[viterbiScratch]
}

// ScoredPiece is a piece of a vocabulary and the logarithm of its probability.
type ScoredPiece struct {
	Text  string
	Score float64
}

// UnigramConfig configures a Unigram.
type UnigramConfig struct {
	Pieces       []ScoredPiece // by id
	Unknown      int32         // the id of unknown characters; -1: unknown characters are an error
	ByteFallback bool          // unknown characters become the pieces <0x00> … <0xFF> of their bytes, if these exist
}

// NewUnigram checks c and returns a Unigram for it. It keeps c.
func NewUnigram(c UnigramConfig) (*Unigram, error) {
	m, err := newUnigram(c)
	return m, errors.WithMessage(err, "tokenize: unigram")
}

func newUnigram(c UnigramConfig) (*Unigram, error) {
	if c.Unknown < -1 || int(c.Unknown) >= len(c.Pieces) {
		return nil, errors.Errorf("the unknown token has id %d: it must be below %d, or -1 for none", c.Unknown, len(c.Pieces))
	}
	m := &Unigram{config: c, ids: make(map[string]int32, len(c.Pieces)), free: table.NewPool[viterbiScratch]()}
	v := &m.viterbi
	v.scores, v.unknown = make([]float64, len(c.Pieces)), c.Unknown
	lowest := math.Inf(1)
	for id, p := range c.Pieces {
		switch {
		case !utf8.ValidString(p.Text):
			return nil, errors.Errorf("piece %d, %q, is not valid UTF-8", id, p.Text)
		case math.IsNaN(p.Score) || math.IsInf(p.Score, 0):
			return nil, errors.Errorf("piece %d, %q, has the score %v", id, p.Text, p.Score)
		}
		m.ids[p.Text], v.scores[id] = int32(id), p.Score
		lowest = min(lowest, p.Score)
	}
	v.unknownScore = lowest - unknownPenalty
	m.bytes = byteIDs(m.TokenToID)
	var err error
	v.trie, err = table.NewTrie(m.ids)
	return m, err
}

// Config returns the configuration of m, which must not be changed.
func (m *Unigram) Config() UnigramConfig { return m.config }

// TokenToID returns the id of a piece.
func (m *Unigram) TokenToID(token string) (int32, bool) {
	id, ok := m.ids[token]
	return id, ok
}

// IDToToken returns the piece of an id.
func (m *Unigram) IDToToken(id int32) (string, bool) {
	if id < 0 || int(id) >= len(m.config.Pieces) {
		return "", false
	}
	return m.config.Pieces[id].Text, true
}

func (m *Unigram) isSurface(id int32) bool { return id == m.config.Unknown }

// VocabSize returns the number of pieces.
func (m *Unigram) VocabSize() int { return len(m.config.Pieces) }

// Tokenize implements Model. Each byte token of a fallback covers the whole run of unknown characters.
func (m *Unigram) Tokenize(dst []Token, piece string) ([]Token, error) {
	if !utf8.ValidString(piece) {
		return tokenizeValid(m, dst, piece)
	}
	s := m.free.Get()
	defer m.release(s)
	return m.tokenize(s, dst, piece)
}

func (m *Unigram) tokenize(s *viterbiScratch, dst []Token, piece string) ([]Token, error) {
	n, tokens := len(dst), m.viterbi.cut(s, piece)
	for i := 0; i < len(tokens); {
		token := tokens[i]
		if i++; token.ID != m.config.Unknown {
			dst = append(dst, token)
			continue
		}
		for ; token.ID >= 0 && i < len(tokens) && tokens[i].ID == token.ID; i++ {
			token.End = tokens[i].End
		}
		var err error
		if dst, err = m.appendUnknown(dst, piece, token.Span); err != nil {
			return dst[:n], err
		}
	}
	return dst, nil
}

// appendUnknown appends the tokens of a run of unknown characters.
func (m *Unigram) appendUnknown(dst []Token, piece string, at Span) ([]Token, error) {
	run := piece[at.Start:at.End]
	if id, ok := m.ids[run]; ok {
		return append(dst, Token{id, at}), nil
	}
	if m.config.ByteFallback {
		n := len(dst)
		for i := range len(run) {
			dst = append(dst, Token{m.bytes[run[i]], at})
		}
		if !slices.ContainsFunc(dst[n:], func(t Token) bool { return t.ID < 0 }) {
			return dst, nil
		}
		dst = dst[:n]
	}
	switch {
	case m.omit:
		return dst, nil
	case m.config.Unknown < 0:
		return dst, errors.Errorf("%q is not in the vocabulary: train on text that has it, name an unknown token or set OmitUnknown", run)
	}
	return append(dst, Token{m.config.Unknown, at}), nil
}

// appendText implements textModel.
func (m *Unigram) appendText(dst []int32, text string, sc scan.Scanner) ([]int32, error) {
	text = validText(text)
	s := m.free.Get()
	defer m.release(s)
	s.cache.Expect(len(text))
	for at := 0; at < len(text); {
		start, end := sc.Next(text, at)
		if start == end {
			break
		}
		at = end
		e, key, hit := s.cache.Find(text, start, end)
		if hit {
			dst = append(dst, e.IDs()...)
			continue
		}
		var err error
		if s.out, err = m.tokenize(s, s.out[:0], text[start:end]); err != nil {
			return dst, err
		}
		n := len(dst)
		for _, token := range s.out {
			dst = append(dst, token.ID)
		}
		e.Keep(key, dst[n:])
	}
	return dst, nil
}

// release makes s available for reuse, unless it has grown large.
func (m *Unigram) release(s *viterbiScratch) {
	if cap(s.ends) <= keepSymbols {
		m.free.Put(s)
	}
}
