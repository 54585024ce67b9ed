package tokenize

import (
	"bytes"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/table"
	"github.com/pkg/errors"
)

// LoadGPT2 reads the two files of GPT-2: vocab.json (or encoder.json) with tokens and ids, and merges.txt (or vocab.bpe)
// with pairs of tokens in order of rank. A token that is neither a byte nor the result of a merge is special.
func LoadGPT2(vocab, merges string) (*Tokenizer, error) {
	ids, pairs, err := readBytePairs(vocab, merges)
	if err != nil {
		return nil, err
	}
	t, err := newGPT2(ids, pairs)
	return t, errors.WithMessagef(err, "tokenize: load: %s, %s", vocab, merges)
}

// ParseGPT2 is LoadGPT2 for the contents of the two files.
func ParseGPT2(vocab, merges []byte) (*Tokenizer, error) {
	ids, err := parseVocab(vocab)
	if err != nil {
		return nil, errors.WithMessage(err, "tokenize: parse: vocab.json")
	}
	pairs, err := parseMerges(merges)
	if err != nil {
		return nil, errors.WithMessage(err, "tokenize: parse: merges.txt")
	}
	t, err := newGPT2(ids, pairs)
	return t, errors.WithMessage(err, "tokenize: parse")
}

// readBytePairs reads a vocab.json and a merges.txt.
func readBytePairs(vocab, merges string) (ids map[string]int32, pairs [][2]string, err error) {
	data, err := readFile(vocab)
	if err != nil {
		return nil, nil, err
	}
	if ids, err = parseVocab(data); err != nil {
		return nil, nil, errors.WithMessagef(err, "tokenize: load: %s", vocab)
	}
	if data, err = readFile(merges); err != nil {
		return nil, nil, err
	}
	pairs, err = parseMerges(data)
	return ids, pairs, errors.WithMessagef(err, "tokenize: load: %s", merges)
}

func newGPT2(ids map[string]int32, merges [][2]string) (*Tokenizer, error) {
	s, err := plainBytePairs(ids, merges)
	if err != nil {
		return nil, err
	}
	return newTokenizer(s)
}

// plainBytePairs returns GPT-2's stages, for files that name no class.
func plainBytePairs(ids map[string]int32, merges [][2]string) (Stages, error) {
	if token := endOfWord(ids); token != "" {
		return Stages{}, errors.Errorf("token %q ends in </w>: these are not the files of GPT-2's kind: "+
			"name the tokenizer_class (CLIPTokenizer) in tokenizer_config.json, or use a tokenizer.json", token)
	}
	model, err := newBPE(BPEConfig{Vocab: ids, Merges: merges})
	if err != nil {
		return Stages{}, err
	}
	return Stages{Splitter: ByteLevel{}, Model: model, Decoder: ByteLevel{}, Added: model.unmade()}, nil
}

// endOfWord returns a token that ends in </w> and whose letters are also a token, or "" if there is none.
func endOfWord(ids map[string]int32) string {
	least := ""
	for token := range ids {
		if letter, ok := strings.CutSuffix(token, "</w>"); ok && utf8.RuneCountInString(letter) == 1 && (least == "" || token < least) {
			least = token
		}
	}
	return least
}

// unmade returns the tokens that are neither bytes nor the result of a merge, as special tokens in order of id.
func (m *BPE) unmade() []AddedToken {
	made := make([]bool, len(m.raw))
	for _, slot := range m.table.Slots {
		if slot.Merge != table.NoMerge {
			made[slot.Merge.ID()] = true
		}
	}
	for _, id := range m.start.bytes[0] {
		if id >= 0 {
			made[id] = true
		}
	}
	var added []AddedToken
	for id, token := range m.names().tokens {
		if token != "" && !made[id] {
			added = append(added, AddedToken{ID: int32(id), Text: token, Special: true})
		}
	}
	return added
}

// parseMerges reads the lines of a merges.txt. A line holds two tokens with a space between them.
func parseMerges(data []byte) ([][2]string, error) {
	var merges [][2]string
	number := 0
	for line := range strings.Lines(string(withoutMark(data))) {
		number++
		line = strings.TrimRight(line, "\r\n")
		if line == "" || number == 1 && strings.HasPrefix(line, "#version") {
			continue
		}
		left, right, ok := strings.Cut(line, " ")
		if !ok || left == "" || right == "" || strings.Contains(right, " ") {
			return nil, errors.Errorf("line %d: %q: two tokens with one space between them are needed", number, line)
		}
		merges = append(merges, [2]string{left, right})
	}
	return merges, nil
}

// SaveGPT2 writes the two files of GPT-2, vocab.json and merges.txt, into folder. They can hold only a byte-level BPE
// with GPT-2's pattern and special tokens of its vocabulary. Any other tokenizer is an error that recommends Save.
func (t *Tokenizer) SaveGPT2(folder string) error {
	m, isBPE := t.stages.Model.(*BPE)
	if s := t.stages; !isBPE || s.Splitter != (ByteLevel{}) && s.Splitter != (ByteLevel{TrimOffsets: true}) ||
		s.Normalizer != nil || s.PostProcessor != nil || !m.isPlain() {
		return errors.New("tokenize: save: vocab.json and merges.txt hold GPT-2's stages only: use Save")
	}
	unmade := map[AddedToken]bool{}
	for _, a := range m.unmade() {
		unmade[a] = true
	}
	for _, a := range t.stages.Added {
		if !unmade[a] {
			return errors.Errorf("tokenize: save: added token %q: vocab.json cannot describe it: use Save", a.Text)
		}
		delete(unmade, a)
	}
	for a := range unmade {
		return errors.Errorf("tokenize: save: %q, which no merge makes, would be read as a special token: use Save", a.Text)
	}
	vocab, err := marshal(vocabJSON{m.names()})
	if err != nil {
		return errors.Wrap(err, "tokenize: save")
	}
	var merges bytes.Buffer
	merges.WriteString("#version: 0.2\n")
	for _, pair := range m.config.Merges {
		merges.WriteString(pair[0] + " " + pair[1] + "\n")
	}
	if err := atomicfile.Write(filepath.Join(folder, "vocab.json"), append(vocab, '\n')); err != nil {
		return errors.WithMessagef(err, "tokenize: save: %s", folder)
	}
	return errors.WithMessagef(atomicfile.Write(filepath.Join(folder, "merges.txt"), merges.Bytes()), "tokenize: save: %s", folder)
}
