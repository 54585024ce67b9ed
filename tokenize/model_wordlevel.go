package tokenize

import (
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// WordLevel is the Model in which every piece is one token: a word with Words, a character with Chars.
type WordLevel struct {
	vocabulary
	unknown   string
	unknownID int32 // -1: none
	omit      bool  // leave out a piece outside the vocabulary
}

// NewWordLevel returns a WordLevel for a vocabulary (token → id), which it keeps. A piece outside the vocabulary becomes
// the token unknown. If unknown is "" or not in the vocabulary, such a piece is an error.
func NewWordLevel(vocab map[string]int32, unknown string) (*WordLevel, error) {
	m, err := newWordLevel(vocab, unknown)
	return m, errors.WithMessage(err, "tokenize: word level")
}

func newWordLevel(vocab map[string]int32, unknown string) (*WordLevel, error) {
	v, err := newVocabulary(vocab)
	if err != nil {
		return nil, err
	}
	m := &WordLevel{vocabulary: v, unknown: unknown, unknownID: -1}
	if id, ok := vocab[unknown]; ok && unknown != "" {
		m.unknownID = id
	}
	return m, nil
}

// Unknown returns the token of pieces outside the vocabulary. ok is false if such a piece is an error.
func (m *WordLevel) Unknown() (token string, ok bool) { return m.unknown, m.unknownID >= 0 }

// Tokenize implements Model.
func (m *WordLevel) Tokenize(dst []Token, piece string) ([]Token, error) {
	id, err := m.id(piece)
	switch {
	case err == nil:
		return append(dst, Token{id, Span{0, len(piece)}}), nil
	case m.omit:
		return dst, nil
	}
	return dst, err
}

func (m *WordLevel) id(piece string) (int32, error) {
	if id, ok := m.ids[piece]; ok {
		return id, nil
	}
	if id, ok := m.ids[validText(piece)]; ok {
		return id, nil
	}
	if m.unknownID < 0 {
		return 0, errors.Errorf("%q is not in the vocabulary: train on text that has it, name an unknown token or set OmitUnknown", piece)
	}
	return m.unknownID, nil
}

func (m *WordLevel) appendText(dst []int32, text string, sc scan.Scanner) ([]int32, error) {
	for at := 0; at < len(text); {
		start, end := sc.Next(text, at)
		if start == end {
			break
		}
		id, err := m.id(text[start:end])
		switch {
		case err == nil:
			dst = append(dst, id)
		case !m.omit:
			return dst, err
		}
		at = end
	}
	return dst, nil
}

// MarshalJSON returns the Model in the form of tokenizer.json.
func (m *WordLevel) MarshalJSON() ([]byte, error) {
	return marshal(struct {
		Type    string    `json:"type"`
		Vocab   vocabJSON `json:"vocab"`
		Unknown string    `json:"unk_token"`
	}{"WordLevel", vocabJSON{&m.vocabulary}, m.unknown})
}
