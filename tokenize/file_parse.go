package tokenize

import (
	"bytes"
	"encoding/json"

	"github.com/pkg/errors"
)

// jsonFile is a tokenizer.json, keys in the order of writing.
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

// jsonAdded is an added token with its id.
type jsonAdded struct {
	ID int32 `json:"id"`
	jsonToken
}

// jsonToken is a token with its flags.
type jsonToken struct {
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"`
	LStrip     bool   `json:"lstrip"`
	RStrip     bool   `json:"rstrip"`
	Normalized bool   `json:"normalized"`
	Special    bool   `json:"special"`
}

func (t jsonToken) token(id int32) AddedToken {
	return AddedToken{ID: id, Text: t.Content, Special: t.Special, SingleWord: t.SingleWord, LeftStrip: t.LStrip, RightStrip: t.RStrip, Normalized: t.Normalized}
}

func (a AddedToken) json() jsonToken {
	return jsonToken{Content: a.Text, Special: a.Special, SingleWord: a.SingleWord, LStrip: a.LeftStrip, RStrip: a.RightStrip, Normalized: a.Normalized}
}

// Parse reads a tokenizer.json from memory. Only version 1.0 is known. Added tokens that contradict the vocabulary or each
// other are read as Hugging Face reads them: a token of the vocabulary keeps its id there, of two with one text the first
// keeps its id and the second sets the flags, one whose id is taken gets the next free id, and one without text is left out.
func Parse(data []byte) (*Tokenizer, error) {
	t, err := parse(data)
	return t, errors.WithMessage(err, "tokenize: parse")
}

func parse(data []byte) (*Tokenizer, error) {
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

// parseFile reads a tokenizer.json as far as its stages.
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

// setOptions gives t the truncation and the padding of the file. The token of the padding is a role.
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

// parseOption reads Truncation or Padding; null is none.
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

// placedJSON gives an error of package json its line and column.
func placedJSON(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return jsonError(data, syntax.Offset, "", err)
	case errors.As(err, &kind):
		return jsonError(data, kind.Offset, "", err)
	}
	return errors.WithStack(err)
}

func isNull(raw json.RawMessage) bool {
	return len(raw) == 0 || bytes.Equal(raw, []byte("null"))
}

// kindOf returns the type of a component.
func kindOf(raw json.RawMessage) (string, error) {
	var c struct {
		Type string `json:"type"`
	}
	err := json.Unmarshal(raw, &c)
	return c.Type, errors.WithStack(err)
}

func unknownKind(kind string) error {
	return errors.Errorf("unknown type %q", kind)
}

// modelFields are those of all the models, so that one without a type can be told by what it has.
type modelFields struct {
	Type          string            `json:"type"`
	Dropout       *float64          `json:"dropout"`
	Unknown       *string           `json:"unk_token"`
	Prefix        *string           `json:"continuing_subword_prefix"`
	Suffix        *string           `json:"end_of_word_suffix"`
	FuseUnknown   bool              `json:"fuse_unk"`
	ByteFallback  bool              `json:"byte_fallback"`
	IgnoreMerges  bool              `json:"ignore_merges"`
	MaxInputChars *int              `json:"max_input_chars_per_word"`
	UnknownID     *int32            `json:"unk_id"`
	Vocab         json.RawMessage   `json:"vocab"`
	Merges        []json.RawMessage `json:"merges"`
}

// parseModel reads a model. That a BPE begins with characters, not bytes, lies in the stages before it.
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
		return newWordLevel(ids, text(f.Unknown))
	}
	return nil, unknownKind(f.kind())
}

// kind returns the type, and for a model without one what its fields tell.
func (f *modelFields) kind() string {
	switch {
	case f.Type != "":
		return f.Type
	case f.Merges != nil:
		return "BPE"
	case f.MaxInputChars != nil || f.Prefix != nil:
		return "WordPiece"
	case bytes.HasPrefix(f.Vocab, []byte("[")):
		return "Unigram"
	}
	return "WordLevel"
}

// text returns *s, and "" for nil.
func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
