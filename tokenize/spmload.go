package tokenize

import (
	"os"

	"github.com/pkg/errors"
)

// LoadSentencePiece reads a .model file of sentencepiece. The Tokenizer gives the ids, pieces and texts that sentencepiece
// does. Control pieces ("<s>") are special tokens; as in sentencepiece they are not found in a text, unless Special is set
// to Allow.
func LoadSentencePiece(path string) (*Tokenizer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Wrap(err, "tokenize: load")
	}
	t, err := parseSentencePiece(data)
	return t, errors.WithMessagef(err, "tokenize: load: %s", path)
}

// ParseSentencePiece is LoadSentencePiece on the contents of the file, which it keeps.
func ParseSentencePiece(data []byte) (*Tokenizer, error) {
	t, err := parseSentencePiece(data)
	return t, errors.WithMessage(err, "tokenize: parse")
}

func parseSentencePiece(data []byte) (*Tokenizer, error) {
	f, err := parseSPMFile(data)
	if err != nil {
		return nil, err
	}
	m, err := newSentencePiece(f)
	if err != nil {
		return nil, err
	}
	s := Stages{Normalizer: &f.normalizer, Model: m, Decoder: spmDecoder{m}}
	for i, p := range f.pieces {
		if p.kind == spmControl {
			s.Added = append(s.Added, AddedToken{ID: int32(i), Text: p.text, Special: true})
		}
	}
	t, err := newTokenizer(s)
	if err != nil {
		return nil, err
	}
	t.Special = AsText
	return t, nil
}

// SaveSentencePiece writes the .model file that t was loaded from.
func (t *Tokenizer) SaveSentencePiece(path string) error {
	m, ok := t.stages.Model.(*SentencePiece)
	if !ok {
		return errors.Errorf("tokenize: save: %s: the model is %T, not one of sentencepiece: use Save", path, t.stages.Model)
	}
	return errors.WithMessagef(writeFile(path, m.file.marshal()), "tokenize: save: %s", path)
}

// errNoJSON says that a stage of sentencepiece has no place in a tokenizer.json, whose stages cut and round otherwise.
var errNoJSON = errors.New("tokenizer.json cannot hold the stages of sentencepiece: use SaveSentencePiece")

// MarshalJSON is an error: a tokenizer.json has no such model.
func (m *SentencePiece) MarshalJSON() ([]byte, error) { return nil, errNoJSON }

// MarshalJSON is an error: a tokenizer.json has no such Normalizer.
func (n *spmNormalizer) MarshalJSON() ([]byte, error) { return nil, errNoJSON }

// MarshalJSON is an error: a tokenizer.json has no such Decoder.
func (d spmDecoder) MarshalJSON() ([]byte, error) { return nil, errNoJSON }
