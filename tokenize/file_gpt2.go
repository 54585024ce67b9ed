package tokenize

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// LoadGPT2 reads the two files of GPT-2: vocab.json (also encoder.json), tokens with ids, and merges.txt (also
// vocab.bpe), pairs of tokens in order of rank. A token that is neither a byte nor made by a merge is special.
func LoadGPT2(vocab, merges string) (*Tokenizer, error) {
	ids, pairs, err := readBytePairs(vocab, merges)
	if err != nil {
		return nil, err
	}
	t, err := newGPT2(ids, pairs)
	return t, errors.WithMessagef(err, "tokenize: load: %s, %s", vocab, merges)
}

// ParseGPT2 is LoadGPT2 on the contents of the two files.
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

// plainBytePairs returns the stages of files that name no class: GPT-2's.
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

// endOfWord returns a token that ends in </w> although its letters are a token too, "" if there is none.
func endOfWord(ids map[string]int32) string {
	least := ""
	for token := range ids {
		if letter, ok := strings.CutSuffix(token, "</w>"); ok && utf8.RuneCountInString(letter) == 1 && (least == "" || token < least) {
			least = token
		}
	}
	return least
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
	data = withoutMark(data)
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
