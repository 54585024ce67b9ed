package tokenize

import (
	"bytes"

	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
	"github.com/pkg/errors"
)

// LoadSentencePiece reads a .model file of sentencepiece. The Tokenizer returns the same ids, pieces and texts as
// sentencepiece. Control pieces ("<s>") are special tokens. As in sentencepiece they are not recognized in a text, unless
// Special is set to Allow.
func LoadSentencePiece(path string) (*Tokenizer, error) {
	return loadFile(path, fromSPM)
}

// ParseSentencePiece is LoadSentencePiece for the contents of the file. It keeps data.
func ParseSentencePiece(data []byte) (*Tokenizer, error) {
	t, err := fromSPM(data)
	return t, errors.WithMessage(err, "tokenize: parse")
}

// fromSPM makes the Tokenizer of a .model file.
func fromSPM(data []byte) (*Tokenizer, error) {
	s, err := parseSPMStages(data)
	if err != nil {
		return nil, err
	}
	t, err := newTokenizer(s)
	if err != nil {
		return nil, err
	}
	t.Special = AsText
	return t, nil
}

func parseSPMStages(data []byte) (s Stages, err error) {
	if isTiktoken(data) {
		return s, errors.New("it is a tiktoken file, not one of sentencepiece: the pattern is not in it: use LoadTiktoken with TiktokenNamed, " +
			"such as llama3, or name the file llama3.tiktoken")
	}
	if bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
		return s, errors.New("it is JSON, not a file of sentencepiece: name it tokenizer.json if it is one")
	}
	f, err := parseSPMFile(data)
	if err != nil {
		return s, errors.WithMessage(err, "not a file of sentencepiece")
	}
	m, err := newSentencePiece(f)
	if err != nil {
		return s, err
	}
	s = Stages{Normalizer: &f.normalizer, Model: m, Decoder: spmDecoder{m}}
	for i, p := range f.pieces {
		if p.kind == spmControl {
			s.Added = append(s.Added, AddedToken{ID: int32(i), Text: p.text, Special: true})
		}
	}
	return s, nil
}

// SaveSentencePiece writes the .model file that t was loaded from.
func (t *Tokenizer) SaveSentencePiece(path string) error {
	m, ok := t.stages.Model.(*SentencePiece)
	if !ok {
		return errors.Errorf("tokenize: save: %s: the model is %T, not one of sentencepiece: use Save", path, t.stages.Model)
	}
	return errors.WithMessagef(atomicfile.Write(path, m.file.marshal()), "tokenize: save: %s", path)
}

// errNoJSON is the error of stages of sentencepiece that a tokenizer.json cannot hold, because its stages cut and round
// differently.
var errNoJSON = errors.New("tokenizer.json cannot hold the stages of sentencepiece: use SaveSentencePiece")

// MarshalJSON returns an error: a tokenizer.json cannot hold this model.
func (m *SentencePiece) MarshalJSON() ([]byte, error) { return nil, errNoJSON }

// MarshalJSON returns an error: a tokenizer.json cannot hold this Normalizer.
func (n *spmNormalizer) MarshalJSON() ([]byte, error) { return nil, errNoJSON }

// MarshalJSON returns an error: a tokenizer.json cannot hold this Decoder.
func (d spmDecoder) MarshalJSON() ([]byte, error) { return nil, errNoJSON }
