package tokenize

import (
	"bytes"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// LoadWordPiece reads a vocab.txt of BERT: every line is a token, its id the number of the line from 0. The Tokenizer is
// that of bert-base-uncased with lowercase and of bert-base-cased without: texts are framed in [CLS] and [SEP] where the
// vocabulary has them. Load decides by the vocabulary, which is cased when a token has a capital letter from A to Z.
func LoadWordPiece(path string, lowercase bool) (*Tokenizer, error) {
	return loadWordPiece(path, func(map[string]int32) bool { return lowercase })
}

// ParseWordPiece is LoadWordPiece on the contents of the file.
func ParseWordPiece(vocab []byte, lowercase bool) (*Tokenizer, error) {
	ids, err := parseVocabText(vocab)
	if err != nil {
		return nil, errors.WithMessage(err, "tokenize: parse: vocab.txt")
	}
	t, err := newBERT(ids, lowercase)
	return t, errors.WithMessage(err, "tokenize: parse: vocab.txt")
}

func loadWordPiece(path string, lowercase func(map[string]int32) bool) (*Tokenizer, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Wrap(err, "tokenize: load")
	}
	ids, err := parseVocabText(data)
	if err != nil {
		return nil, errors.WithMessagef(err, "tokenize: load: %s", path)
	}
	t, err := newBERT(ids, lowercase(ids))
	return t, errors.WithMessagef(err, "tokenize: load: %s", path)
}

// parseVocabText reads the lines of a vocab.txt. An empty line is an id without a token; of two equal lines the later one
// counts, as in Hugging Face's implementation.
func parseVocabText(data []byte) (map[string]int32, error) {
	ids, number := map[string]int32{}, int32(0)
	for line := range strings.Lines(string(data)) {
		token := strings.TrimRight(line, "\r\n")
		if !utf8.ValidString(token) {
			return nil, errors.Errorf("line %d: %q is not valid UTF-8", number+1, token)
		}
		if token != "" {
			ids[token] = number
		}
		number++
	}
	if len(ids) == 0 {
		return nil, errors.New("no tokens: a token on every line is needed")
	}
	return ids, nil
}

// isUncased tells whether no token but those in brackets has a capital letter from A to Z. Others, such as ℝ, are in
// uncased vocabularies too.
func isUncased(ids map[string]int32) bool {
	for token := range ids {
		if !strings.HasPrefix(token, "[") && strings.IndexFunc(token, func(r rune) bool { return 'A' <= r && r <= 'Z' }) >= 0 {
			return false
		}
	}
	return true
}

// newBERT puts the stages of BERT together.
func newBERT(ids map[string]int32, lowercase bool) (*Tokenizer, error) {
	m, err := newWordPiece(WordPieceConfig{Vocab: ids, Unknown: "[UNK]", Prefix: "##"})
	if err != nil {
		return nil, err
	}
	s := Stages{
		Normalizer: BertNormalizer{Clean: true, Chinese: true, Lowercase: lowercase},
		Splitter:   BertSplitter{}, Model: m, Decoder: WordPieceDecoder{Prefix: "##", Cleanup: true},
	}
	for _, text := range []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"} {
		if id, ok := ids[text]; ok {
			s.Added = append(s.Added, AddedToken{ID: id, Text: text, Special: true})
		}
	}
	cls, hasCls := ids["[CLS]"]
	sep, hasSep := ids["[SEP]"]
	if hasCls && hasSep {
		s.PostProcessor = BertProcessing{Sep: SpecialToken{"[SEP]", sep}, Cls: SpecialToken{"[CLS]", cls}}
	}
	return newTokenizer(s)
}

// SaveWordPiece writes the vocabulary of a WordPiece as a vocab.txt of BERT. Whether a text is lowercased, and what else
// Save keeps, is not in such a file.
func (t *Tokenizer) SaveWordPiece(path string) error {
	m, ok := t.stages.Model.(*WordPiece)
	if !ok || m.config.Prefix != "##" || m.config.Unknown != "[UNK]" || m.config.MaxRunes != maxWordRunes {
		return errors.Errorf("tokenize: save: %s: a vocab.txt holds a WordPiece with BERT's prefix, unknown token and length: use Save", path)
	}
	var b bytes.Buffer
	for id, token := range m.tokens {
		if strings.ContainsAny(token, "\r\n") {
			return errors.Errorf("tokenize: save: %s: token %d, %q, does not fit on a line: use Save", path, id, token)
		}
		b.WriteString(token + "\n")
	}
	return errors.WithMessagef(writeFile(path, b.Bytes()), "tokenize: save: %s", path)
}
