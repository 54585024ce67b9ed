package tokenize

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
	"github.com/pkg/errors"
)

// LoadWordPiece reads a vocab.txt of BERT. Every line is a token; its id is the line number, from 0. With lowercase the
// Tokenizer is that of bert-base-uncased, otherwise that of bert-base-cased. Texts are framed in [CLS] and [SEP] if the
// vocabulary has them. Load chooses by the folder's tokenizer_config.json or, without one, by the vocabulary: it
// lowercases and strips accents unless this would make a token unreachable.
func LoadWordPiece(path string, lowercase bool) (*Tokenizer, error) {
	ids, err := readVocabText(path)
	if err != nil {
		return nil, err
	}
	s, err := bertStages(ids, bertNormalizer(lowercase))
	if err == nil {
		var t *Tokenizer
		if t, err = newTokenizer(s); err == nil {
			return t, nil
		}
	}
	return nil, errors.WithMessagef(err, "tokenize: load: %s", path)
}

// ParseWordPiece is LoadWordPiece for the contents of the file.
func ParseWordPiece(vocab []byte, lowercase bool) (*Tokenizer, error) {
	ids, err := parseVocabText(withoutMark(vocab))
	if err != nil {
		return nil, errors.WithMessage(err, "tokenize: parse: vocab.txt")
	}
	s, err := bertStages(ids, bertNormalizer(lowercase))
	if err != nil {
		return nil, errors.WithMessage(err, "tokenize: parse: vocab.txt")
	}
	t, err := newTokenizer(s)
	return t, errors.WithMessage(err, "tokenize: parse: vocab.txt")
}

func readVocabText(path string) (map[string]int32, error) {
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	ids, err := parseVocabText(data)
	return ids, errors.WithMessagef(err, "tokenize: load: %s", path)
}

// parseVocabText reads the lines of a vocab.txt. An empty line is an id without a token. Of two equal lines the later one
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

// bertNormalizer returns the normalizer of BERT's own vocabularies.
func bertNormalizer(lowercase bool) BertNormalizer {
	return BertNormalizer{Clean: true, Chinese: true, Lowercase: lowercase}
}

// guessBERT returns the normalizer under which every token of the vocabulary stays reachable. It lowercases if all tokens
// are lower case, and strips accents if no token has one. Stripping decomposes Hangul, so a Korean vocabulary keeps its
// accents. Tokens in brackets do not count, because they are added tokens.
func guessBERT(ids map[string]int32) BertNormalizer {
	lower, strip := true, true
	for token := range ids {
		if n := len(token); n > 2 && (token[0] == '[' && token[n-1] == ']' || token[0] == '<' && token[n-1] == '>') {
			continue
		}
		lower = lower && strings.ToLower(token) == token
		strip = strip && isStripped(token)
	}
	n := bertNormalizer(lower)
	if strip != lower {
		n.StripAccents = &strip
	}
	return n
}

// isStripped reports whether stripping accents leaves token unchanged.
func isStripped(token string) bool {
	strip := true
	return BertNormalizer{StripAccents: &strip}.Normalize(NewText(token)).String() == token
}

// bertStages returns the stages of BERT for a vocabulary.
func bertStages(ids map[string]int32, n BertNormalizer) (Stages, error) {
	m, err := newWordPiece(WordPieceConfig{Vocab: ids, Unknown: "[UNK]", Prefix: "##"})
	if err != nil {
		return Stages{}, err
	}
	s := Stages{Normalizer: n, Splitter: BertSplitter{}, Model: m, Decoder: WordPieceDecoder{Prefix: "##", Cleanup: true}}
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
	return s, nil
}

// SaveWordPiece writes the vocabulary of a WordPiece as a vocab.txt of BERT. Such a file cannot hold the normalizer
// (whether text is lowercased) and the other settings that Save keeps.
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
	return errors.WithMessagef(atomicfile.Write(path, b.Bytes()), "tokenize: save: %s", path)
}
