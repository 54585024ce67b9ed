package tokenize

import (
	"encoding/json"

	"github.com/pkg/errors"
)

// jsonFile is a tokenizer.json, with its keys in the order of writing.
type jsonFile struct {
	Version       string          `json:"version"`
	Truncation    json.RawMessage `json:"truncation"`
	Padding       json.RawMessage `json:"padding"`
	AddedTokens   []jsonAdded     `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor json.RawMessage `json:"post_processor"`
	Decoder       json.RawMessage `json:"decoder"`
	Model         json.RawMessage `json:"model"`
}

// Parse reads a tokenizer.json from memory. Only version 1.0 is supported. Added tokens that contradict the vocabulary or
// each other are read as by Hugging Face: a token of the vocabulary keeps the id of the vocabulary; of two tokens with
// the same text the first sets the id and the second sets the flags; a token whose id is taken gets the next free id; a
// token without text is left out.
func Parse(data []byte) (*Tokenizer, error) {
	t, err := fromJSON(data)
	return t, errors.WithMessage(err, "tokenize: parse")
}

// fromJSON makes the Tokenizer of a tokenizer.json.
func fromJSON(data []byte) (*Tokenizer, error) {
	f, s, err := parseFile(data)
	if err != nil {
		return nil, err
	}
	t, err := newTokenizer(s)
	if err != nil {
		return nil, err
	}
	return t, f.setOptions(t)
}

// parseFile reads the stages of a tokenizer.json.
func parseFile(data []byte) (*jsonFile, Stages, error) {
	data = withoutMark(data)
	f := &jsonFile{}
	if err := json.Unmarshal(data, f); err != nil {
		return nil, Stages{}, placedJSON(data, err)
	}
	if f.Version != "1.0" && f.Version != "" {
		return nil, Stages{}, errors.Errorf("version: got %q, want %q", f.Version, "1.0")
	}
	s, err := parseStages(f)
	if err != nil {
		return f, s, err
	}
	added := newAddedReader(s.Model)
	for _, a := range f.AddedTokens {
		added.add(a.token(a.ID))
	}
	s.Added = added.list
	return f, s, nil
}

// setOptions sets the truncation and the padding of t from the file. The padding token becomes the Pad role.
func (f *jsonFile) setOptions(t *Tokenizer) (err error) {
	if t.Truncation, err = parseOption[Truncation](f.Truncation); err != nil {
		return errors.WithMessage(err, "truncation")
	}
	if t.Padding, err = parseOption[Padding](f.Padding); err != nil {
		return errors.WithMessage(err, "padding")
	}
	if t.Padding != nil {
		if _, ok := t.lookUp(t.Padding.Token); ok {
			t.Roles.put("pad_token", t.Padding.Token)
		}
	}
	return nil
}

// parseOption reads a Truncation or Padding; null is nil.
func parseOption[T checker](raw json.RawMessage) (*T, error) {
	if isNull(raw) {
		return nil, nil
	}
	v := new(T)
	if err := json.Unmarshal(raw, v); err != nil {
		return nil, errors.WithStack(err)
	}
	return v, (*v).check()
}

func parseStages(f *jsonFile) (s Stages, err error) {
	if s.Normalizer, err = parseNormalizer(f.Normalizer, 0); err != nil {
		return s, errors.WithMessage(err, "normalizer")
	}
	if s.Splitter, err = parseSplitter(f.PreTokenizer, 0); err != nil {
		return s, errors.WithMessage(err, "pre_tokenizer")
	}
	if s.PostProcessor, err = parsePostProcessor(f.PostProcessor, 0); err != nil {
		return s, errors.WithMessage(err, "post_processor")
	}
	if s.Decoder, err = parseDecoder(f.Decoder, 0); err != nil {
		return s, errors.WithMessage(err, "decoder")
	}
	s.Model, err = parseModel(f.Model, !hasByteLevel(s.Splitter))
	return s, errors.WithMessage(err, "model")
}
