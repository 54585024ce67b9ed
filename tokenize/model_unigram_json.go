package tokenize

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// jsonUnigram is the model of a tokenizer.json, with its keys in the order of writing.
type jsonUnigram struct {
	Type         string            `json:"type"`
	Unknown      *int32            `json:"unk_id"`
	Vocab        []jsonScoredPiece `json:"vocab"`
	ByteFallback bool              `json:"byte_fallback"`
}

// jsonScoredPiece is a ScoredPiece in the form of tokenizer.json: [piece, score].
type jsonScoredPiece ScoredPiece

// MarshalJSON implements json.Marshaler.
func (p jsonScoredPiece) MarshalJSON() ([]byte, error) {
	return marshal([]any{p.Text, json.Number(writeScore(p.Score))})
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *jsonScoredPiece) UnmarshalJSON(data []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(data, &pair); err != nil {
		return err
	}
	if len(pair) != 2 || isNull(pair[0]) || isNull(pair[1]) {
		return errors.Errorf("vocab: %.100s: a piece and its score are needed", data)
	}
	if err := json.Unmarshal(pair[0], &p.Text); err != nil {
		return err
	}
	if err := json.Unmarshal(pair[1], &p.Score); err != nil {
		return err
	}
	p.Score = readScore(string(pair[1]))
	return nil
}

// MarshalJSON returns the Model in the form of tokenizer.json.
func (m *Unigram) MarshalJSON() ([]byte, error) {
	f := jsonUnigram{Type: "Unigram", Vocab: make([]jsonScoredPiece, len(m.config.Pieces)), ByteFallback: m.config.ByteFallback}
	if m.config.Unknown >= 0 {
		f.Unknown = &m.config.Unknown
	}
	for i, p := range m.config.Pieces {
		f.Vocab[i] = jsonScoredPiece(p)
	}
	return marshal(f)
}

// unigram returns a Unigram with the fields of a file.
func (f *modelFields) unigram() (Model, error) {
	pieces, ok := scanPieces(f.Vocab)
	if !ok {
		var err error
		if pieces, err = decodePieces(f.Vocab); err != nil {
			return nil, err
		}
	}
	c := UnigramConfig{Pieces: pieces, Unknown: -1, ByteFallback: f.ByteFallback}
	if f.UnknownID != nil {
		c.Unknown = *f.UnknownID
		if c.Unknown < 0 {
			return nil, errors.Errorf("unk_id: %d: it must not be negative", c.Unknown)
		}
	}
	return newUnigram(c)
}

// decodePieces reads a list of pieces and scores by package json.
func decodePieces(raw json.RawMessage) ([]ScoredPiece, error) {
	var list []jsonScoredPiece
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, errors.Wrap(err, "vocab")
	}
	pieces := make([]ScoredPiece, len(list))
	for i, p := range list {
		pieces[i] = ScoredPiece(p)
	}
	return pieces, nil
}
