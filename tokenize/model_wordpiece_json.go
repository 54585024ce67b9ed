package tokenize

import "github.com/pkg/errors"

// jsonWordPiece is the model of a tokenizer.json, with its keys in the order of writing.
type jsonWordPiece struct {
	Type     string    `json:"type"`
	Unknown  string    `json:"unk_token"`
	Prefix   string    `json:"continuing_subword_prefix"`
	MaxRunes int       `json:"max_input_chars_per_word"`
	Vocab    vocabJSON `json:"vocab"`
}

// MarshalJSON returns the Model in the form of tokenizer.json.
func (m *WordPiece) MarshalJSON() ([]byte, error) {
	c := m.config
	return marshal(jsonWordPiece{"WordPiece", c.Unknown, c.Prefix, c.MaxRunes, vocabJSON{&m.vocabulary}})
}

// wordPiece returns a WordPiece with the fields of a file. Missing fields are as in BERT.
func (f *modelFields) wordPiece() (Model, error) {
	ids, err := parseVocab(f.Vocab)
	if err != nil {
		return nil, errors.WithMessage(err, "vocab")
	}
	c := WordPieceConfig{Vocab: ids, Unknown: "[UNK]", Prefix: "##", MaxRunes: maxWordRunes}
	if f.Unknown != nil {
		c.Unknown = *f.Unknown
	}
	if f.Prefix != nil {
		c.Prefix = *f.Prefix
	}
	if f.MaxInputChars != nil {
		if *f.MaxInputChars <= 0 {
			return nil, errors.Errorf("max_input_chars_per_word: %d: it must be at least 1", *f.MaxInputChars)
		}
		c.MaxRunes = *f.MaxInputChars
	}
	return newWordPiece(c)
}
