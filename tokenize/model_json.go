package tokenize

import (
	"bytes"
	"encoding/json"

	"github.com/pkg/errors"
)

// modelFields holds the fields of all models, so that a model without a type can be identified by its fields.
type modelFields struct {
	Type          string          `json:"type"`
	Dropout       *float64        `json:"dropout"`
	Unknown       *string         `json:"unk_token"`
	Prefix        *string         `json:"continuing_subword_prefix"`
	Suffix        *string         `json:"end_of_word_suffix"`
	FuseUnknown   bool            `json:"fuse_unk"`
	ByteFallback  bool            `json:"byte_fallback"`
	IgnoreMerges  bool            `json:"ignore_merges"`
	MaxInputChars *int            `json:"max_input_chars_per_word"`
	UnknownID     *int32          `json:"unk_id"`
	Vocab         json.RawMessage `json:"vocab"`
	Merges        json.RawMessage `json:"merges"`
}

// kind returns the type. For a model without a type it infers the type from the fields.
func (f *modelFields) kind() string {
	switch {
	case f.Type != "":
		return f.Type
	case !isNull(f.Merges):
		return "BPE"
	case f.MaxInputChars != nil || f.Prefix != nil:
		return "WordPiece"
	case bytes.HasPrefix(f.Vocab, []byte("[")):
		return "Unigram"
	}
	return "WordLevel"
}

// parseModel reads a model. characters reports whether pieces of a BPE begin as characters instead of bytes; only the
// stages before the model determine this.
func parseModel(raw json.RawMessage, characters bool) (Model, error) {
	if isNull(raw) {
		return nil, errors.New("missing")
	}
	var f modelFields
	if err := json.Unmarshal(raw, &f); err != nil {
		return nil, errors.WithStack(err)
	}
	switch f.kind() {
	case "BPE":
		return f.bpe(characters)
	case "WordPiece":
		return f.wordPiece()
	case "Unigram":
		return f.unigram()
	case "WordLevel":
		ids, err := parseVocab(f.Vocab)
		if err != nil {
			return nil, errors.WithMessage(err, "vocab")
		}
		return newWordLevel(ids, deref(f.Unknown))
	}
	return nil, unknownKind(f.kind())
}
