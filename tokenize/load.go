package tokenize

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// Load reads a tokenizer: a tokenizer.json of Hugging Face, GPT-2's vocab.json with the merges.txt beside it, BERT's
// vocab.txt, a .model of sentencepiece, a folder that holds one of these under its usual name, or a .tiktoken file of a
// known name (see TiktokenNamed). The error names the file and the place in it; a component that is not known here is an
// error.
func Load(path string) (*Tokenizer, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, errors.Wrap(err, "tokenize: load")
	}
	if info.IsDir() {
		if path, err = inFolder(path); err != nil {
			return nil, err
		}
	}
	if filepath.Ext(path) == ".tiktoken" {
		return loadTiktokenByName(path)
	}
	switch filepath.Base(path) {
	case "vocab.json":
		return LoadGPT2(path, filepath.Join(filepath.Dir(path), "merges.txt"))
	case "vocab.txt":
		return loadWordPiece(path, isUncased)
	}
	if filepath.Ext(path) == ".model" {
		return LoadSentencePiece(path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Wrap(err, "tokenize: load")
	}
	t, err := parse(data)
	return t, errors.WithMessagef(err, "tokenize: load: %s", path)
}

// LoadGPT2 reads the two files of GPT-2: vocab.json (also encoder.json), tokens with ids, and merges.txt (also
// vocab.bpe), pairs of tokens in order of rank. A token that is neither a byte nor made by a merge is special.
func LoadGPT2(vocab, merges string) (*Tokenizer, error) {
	vocabData, err := os.ReadFile(vocab)
	if err != nil {
		return nil, errors.Wrap(err, "tokenize: load")
	}
	mergesData, err := os.ReadFile(merges)
	if err != nil {
		return nil, errors.Wrap(err, "tokenize: load")
	}
	return gpt2Named(vocab, vocabData, merges, mergesData)
}

// ParseGPT2 is LoadGPT2 on the contents of the two files.
func ParseGPT2(vocab, merges []byte) (*Tokenizer, error) {
	return gpt2Named("vocab.json", vocab, "merges.txt", merges)
}

// gpt2Named reads the two files, whose names are for errors.
func gpt2Named(vocab string, vocabData []byte, merges string, mergesData []byte) (*Tokenizer, error) {
	ids, err := parseVocab(vocabData)
	if err != nil {
		return nil, errors.WithMessagef(err, "tokenize: load: %s", vocab)
	}
	pairs, err := parseMerges(mergesData)
	if err != nil {
		return nil, errors.WithMessagef(err, "tokenize: load: %s", merges)
	}
	t, err := newGPT2(ids, pairs)
	return t, errors.WithMessagef(err, "tokenize: load: %s, %s", vocab, merges)
}

func newGPT2(ids map[string]int32, merges [][2]string) (*Tokenizer, error) {
	model, err := newBPE(BPEConfig{Vocab: ids, Merges: merges})
	if err != nil {
		return nil, err
	}
	return newTokenizer(Stages{Splitter: ByteLevel{}, Model: model, Decoder: ByteLevel{}, Added: model.unmade()})
}

// unmade returns the tokens that are neither bytes nor made by merges, as special tokens in order of id.
func (m *BPE) unmade() []AddedToken {
	made := make([]bool, len(m.raw))
	for _, slot := range m.table.slots {
		if slot.merge != noMerge {
			made[slot.merge.id()] = true
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

// parseVocab reads a JSON object of tokens and ids.
func parseVocab(data []byte) (map[string]int32, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	if open, err := d.Token(); err != nil || open != json.Delim('{') {
		return nil, jsonError(data, d.InputOffset(), "an object of tokens and ids is needed", err)
	}
	ids := map[string]int32{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, jsonError(data, d.InputOffset(), "", err)
		}
		value, err := d.Token()
		number, _ := value.(json.Number)
		id, wrong := strconv.ParseInt(string(number), 10, 32)
		if err != nil || wrong != nil {
			return nil, jsonError(data, d.InputOffset(), "an id must be a whole number below 2³¹", err)
		}
		token := key.(string) // the decoder yields nothing else as a key
		if _, twice := ids[token]; twice {
			return nil, jsonError(data, d.InputOffset(), "token "+strconv.Quote(token)+" is there twice", nil)
		}
		ids[token] = int32(id)
	}
	if _, err := d.Token(); err != nil {
		return nil, jsonError(data, d.InputOffset(), "", err)
	}
	if d.More() {
		return nil, jsonError(data, d.InputOffset(), "text after the object", nil)
	}
	return ids, nil
}

// jsonError says what is wrong at an offset of data, as line and column.
func jsonError(data []byte, offset int64, what string, err error) error {
	before := data[:min(int(offset), len(data))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := len(before) - bytes.LastIndexByte(before, '\n')
	switch {
	case err == nil:
		return errors.Errorf("line %d, column %d: %s", line, column, what)
	case what == "":
		return errors.Wrapf(err, "line %d, column %d", line, column)
	}
	return errors.Wrapf(err, "line %d, column %d: %s", line, column, what)
}

// parseMerges reads the lines of a merges.txt: two tokens and a space between them.
func parseMerges(data []byte) ([][2]string, error) {
	var merges [][2]string
	number := 0
	for line := range strings.Lines(string(data)) {
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
