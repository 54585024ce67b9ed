package tokenize

import (
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
	"github.com/pkg/errors"
)

// WordPiece is the Model of BERT. A piece is cut from left to right, each time after the longest token that fits. Tokens
// that do not begin a word have a prefix. A piece that cannot be cut, or is too long, becomes a single unknown token
// (Devlin et al. 2018, arXiv 1810.04805; bert/tokenization.py, WordpieceTokenizer).
type WordPiece struct {
	vocabulary
	config  WordPieceConfig
	trie    table.Trie
	inner   uint32 // the root in trie of tokens with the prefix
	hasRest bool   // the vocabulary has such tokens
	unknown int32  // -1: none
	omit    bool   // leave out a piece that cannot be cut
}

// WordPieceConfig configures a WordPiece.
type WordPieceConfig struct {
	Vocab    map[string]int32 // token → id
	Unknown  string           // "[UNK]" in BERT; if it is "" or not in Vocab, a piece that cannot be cut is an error
	Prefix   string           // the prefix of tokens within a word; "##" in BERT
	MaxRunes int              // longer pieces are unknown; 0 means 100, as in BERT
}

// maxWordRunes is the longest word that BERT cuts.
const maxWordRunes = 100

// NewWordPiece checks c and returns a WordPiece for it. It keeps c.
func NewWordPiece(c WordPieceConfig) (*WordPiece, error) {
	m, err := newWordPiece(c)
	return m, errors.WithMessage(err, "tokenize: wordpiece")
}

func newWordPiece(c WordPieceConfig) (*WordPiece, error) {
	if c.MaxRunes < 0 {
		return nil, errors.Errorf("MaxRunes is %d: it must not be negative", c.MaxRunes)
	}
	if c.MaxRunes == 0 {
		c.MaxRunes = maxWordRunes
	}
	v, err := newVocabulary(c.Vocab)
	if err != nil {
		return nil, err
	}
	m := &WordPiece{vocabulary: v, config: c, unknown: -1}
	if id, ok := c.Vocab[c.Unknown]; ok && c.Unknown != "" {
		m.unknown = id
	}
	if m.trie, err = table.NewTrie(c.Vocab); err != nil {
		return nil, err
	}
	m.inner, m.hasRest = m.trie.Walk(c.Prefix)
	return m, nil
}

// Config returns the configuration of m, which must not be changed.
func (m *WordPiece) Config() WordPieceConfig { return m.config }

// Tokenize implements Model.
func (m *WordPiece) Tokenize(dst []Token, piece string) ([]Token, error) {
	if !utf8.ValidString(piece) {
		return tokenizeValid(m, dst, piece)
	}
	n, base := len(dst), m.trie.Root()
	for at := 0; at < len(piece); {
		length, id := m.longest(base, piece, at)
		if length == 0 {
			switch {
			case m.omit:
				return dst[:n], nil
			case m.unknown < 0:
				return dst[:n], m.noToken(piece)
			}
			return append(dst[:n], Token{m.unknown, Span{0, len(piece)}}), nil
		}
		dst = append(dst, Token{id, Span{at, at + length}})
		at += length
		base = m.inner
	}
	return dst, nil
}

// longest returns the length and the id of the longest token at piece[at:]. The length is 0 if no token fits or piece is
// too long.
func (m *WordPiece) longest(base uint32, piece string, at int) (int, int32) {
	if at > 0 && !m.hasRest || at == 0 && m.tooLong(piece) {
		return 0, 0
	}
	return m.trie.Longest(base, piece[at:])
}

func (m *WordPiece) tooLong(piece string) bool {
	return len(piece) > m.config.MaxRunes && utf8.RuneCountInString(piece) > m.config.MaxRunes
}

func (m *WordPiece) noToken(piece string) error {
	return errors.Errorf("%q cannot be cut into tokens: name an unknown token that is in the vocabulary or set OmitUnknown", piece)
}

// appendText implements textModel.
func (m *WordPiece) appendText(dst []int32, text string, sc scan.Scanner) ([]int32, error) {
	text = validText(text)
	for at := 0; at < len(text); {
		start, end := sc.Next(text, at)
		if start == end {
			break
		}
		var err error
		if dst, err = m.appendPiece(dst, text[start:end]); err != nil {
			return dst, err
		}
		at = end
	}
	return dst, nil
}

// appendPiece appends the ids of piece, which must be valid UTF-8.
func (m *WordPiece) appendPiece(dst []int32, piece string) ([]int32, error) {
	n, base := len(dst), m.trie.Root()
	for at := 0; at < len(piece); {
		length, id := m.longest(base, piece, at)
		if length == 0 {
			switch {
			case m.omit:
				return dst[:n], nil
			case m.unknown < 0:
				return dst[:n], m.noToken(piece)
			}
			return append(dst[:n], m.unknown), nil
		}
		dst = append(dst, id)
		at += length
		base = m.inner
	}
	return dst, nil
}
