package tokenize

import (
	"bytes"
	"encoding/base64"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// Tiktoken holds the parts of an encoding that a .tiktoken file does not contain.
type Tiktoken struct {
	Pattern string           // the regular expression that matches pieces
	Special map[string]int32 // special tokens and their ids
}

// LoadTiktoken reads the tokens and ranks of a .tiktoken file (lines of base64 and a number) into a byte-level BPE that
// returns the same ids as OpenAI's tiktoken. The pattern and the special tokens come from c (see TiktokenNamed).
func LoadTiktoken(path string, c Tiktoken) (*Tokenizer, error) {
	return loadFile(path, c.from)
}

// ParseTiktoken is LoadTiktoken for the contents of the file.
func ParseTiktoken(data []byte, c Tiktoken) (*Tokenizer, error) {
	t, err := c.from(data)
	return t, errors.WithMessage(err, "tokenize: parse")
}

// loadTiktokenByName is LoadTiktoken for a file that is named after its encoding, like OpenAI's files.
func loadTiktokenByName(path string) (*Tokenizer, error) {
	name := strings.TrimSuffix(filepath.Base(path), ".tiktoken")
	c, ok := TiktokenNamed(name)
	if !ok {
		return nil, errors.Errorf("tokenize: load: %s: the pattern and special tokens of %q are not known here: use LoadTiktoken", path, name)
	}
	return LoadTiktoken(path, c)
}

// from makes the Tokenizer of a .tiktoken file.
func (c Tiktoken) from(data []byte) (*Tokenizer, error) {
	raw, err := parseRanks(data)
	if err != nil {
		return nil, err
	}
	if len(raw) == 0 {
		return nil, errors.New("it has no tokens")
	}
	model, err := newRankedBPE(raw)
	if err != nil {
		return nil, err
	}
	s := Stages{Splitter: ByteLevel{}, Model: model, Decoder: ByteLevel{}}
	if c.Pattern != scan.PatternGPT2 {
		split := Split{Pattern: c.Pattern, Regex: true, Behavior: Isolated}
		s.Splitter = Splitters{split, ByteLevel{NoPattern: true}}
	}
	for text, id := range c.Special {
		s.Added = append(s.Added, AddedToken{ID: id, Text: text, Special: true})
	}
	slices.SortFunc(s.Added, func(a, b AddedToken) int { return int(a.ID) - int(b.ID) })
	return newTokenizer(s)
}

// parseRanks returns the bytes of each token by rank. The tokens share the memory of one string.
func parseRanks(data []byte) ([]string, error) {
	lines := min(bytes.Count(data, []byte("\n")), len(data)/len("YQ== 0")) + 1 // empty lines do not count
	limit := 2*lines + 1024
	spans := make([]Span, 0, lines)
	all := make([]byte, 0, len(data))
	for number := 1; len(data) > 0; number++ {
		line, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		if line = bytes.TrimSuffix(line, []byte("\r")); len(line) == 0 {
			continue
		}
		token, digits, _ := bytes.Cut(line, []byte(" "))
		rank, err := strconv.Atoi(string(digits))
		if err != nil || rank < 0 || rank >= limit {
			return nil, errors.Errorf("line %d: %q: a token in base64, a space and a rank below %d are needed", number, line, limit)
		}
		start := len(all)
		if all, err = base64.StdEncoding.AppendDecode(all, token); err != nil || len(all) == start {
			return nil, errors.Errorf("line %d: %q is not a token in base64", number, token)
		}
		for len(spans) <= rank {
			spans = append(spans, Span{})
		}
		if spans[rank].End > 0 {
			return nil, errors.Errorf("line %d: rank %d occurs twice", number, rank)
		}
		spans[rank] = Span{start, len(all)}
	}
	text := string(all)
	raw := make([]string, len(spans))
	for rank, s := range spans {
		raw[rank] = text[s.Start:s.End]
	}
	return raw, nil
}

// SaveTiktoken writes the tokens and ranks of t as a .tiktoken file. t must have been read from such a file, because the
// merges of another BPE need not follow from ranks. The file does not hold the pattern and the special tokens.
func (t *Tokenizer) SaveTiktoken(path string) error {
	m, ok := t.stages.Model.(*BPE)
	if !ok || m.ranks == nil {
		return errors.Errorf("tokenize: save: %s: a .tiktoken file holds a BPE that was read from one: use Save", path)
	}
	var b bytes.Buffer
	for id, token := range m.raw {
		if token != "" {
			b.WriteString(base64.StdEncoding.EncodeToString([]byte(token)) + " " + strconv.Itoa(id) + "\n")
		}
	}
	return errors.WithMessagef(atomicfile.Write(path, b.Bytes()), "tokenize: save: %s", path)
}
