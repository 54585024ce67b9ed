package tokenize

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/pkg/errors"
)

func (f *modelFields) bpe(characters bool) (Model, error) {
	ids, err := parseVocab(f.Vocab)
	if err != nil {
		return nil, errors.WithMessage(err, "vocab")
	}
	c := BPEConfig{Vocab: ids, Characters: characters, Unknown: deref(f.Unknown), FuseUnknown: f.FuseUnknown,
		ByteFallback: f.ByteFallback, Prefix: deref(f.Prefix), Suffix: deref(f.Suffix), IgnoreMerges: f.IgnoreMerges}
	if f.Dropout != nil {
		c.Dropout = *f.Dropout
	}
	if c.Merges, err = parseMergeList(f.Merges, ids); err != nil {
		return nil, err
	}
	return newBPE(c)
}

// parseMergeList reads the merges of a tokenizer.json. null has none.
func parseMergeList(raw json.RawMessage, ids map[string]int32) ([][2]string, error) {
	if merges, ok := scanMerges(raw, ids); ok {
		return merges, nil
	}
	if isNull(raw) {
		return nil, nil
	}
	return decodeMerges(raw, ids)
}

// decodeMerges is parseMergeList by package json.
func decodeMerges(raw json.RawMessage, ids map[string]int32) ([][2]string, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, errors.Wrap(err, "merges")
	}
	merges := make([][2]string, len(list))
	for i, raw := range list {
		var err error
		if merges[i], err = parseMerge(raw, ids); err != nil {
			return nil, errors.WithMessagef(err, "merges[%d]", i)
		}
	}
	return merges, nil
}

// parseMerge reads "a b" or ["a", "b"]. Both tokens must be in ids.
func parseMerge(raw json.RawMessage, ids map[string]int32) (merge [2]string, err error) {
	if bytes.HasPrefix(raw, []byte("[")) {
		var sides []string
		if err := json.Unmarshal(raw, &sides); err != nil {
			return merge, errors.WithStack(err)
		}
		if len(sides) != 2 {
			return merge, errors.Errorf("%d tokens, want 2", len(sides))
		}
		return [2]string(sides), nil
	}
	var line string
	if err := json.Unmarshal(raw, &line); err != nil {
		return merge, errors.WithStack(err)
	}
	return cutMerge(line, ids)
}

// cutMerge cuts a line of two tokens at the space between them.
func cutMerge(line string, ids map[string]int32) (merge [2]string, err error) {
	left, right, ok := strings.Cut(line, " ")
	if ok && strings.Contains(right, " ") {
		left, right, ok = cutSpaces(line, ids)
	}
	if !ok || left == "" || right == "" {
		return merge, errors.Errorf("%q: two tokens with one space between them are needed", line)
	}
	return [2]string{left, right}, nil
}

// cutSpaces splits a line of two tokens that contain spaces themselves, as in some copies of Llama 2's file. There must
// be exactly one way in which both sides and their concatenation are tokens.
func cutSpaces(line string, ids map[string]int32) (left, right string, ok bool) {
	for i := range len(line) {
		if line[i] != ' ' {
			continue
		}
		a, b := line[:i], line[i+1:]
		for _, token := range []string{a, b, a + b} {
			if _, known := ids[token]; !known {
				a = ""
			}
		}
		if a == "" {
			continue
		}
		if ok {
			return "", "", false
		}
		left, right, ok = a, b, true
	}
	return left, right, ok
}

// MarshalJSON returns the Model in the form of tokenizer.json, which cannot hold the seed of a dropout.
func (m *BPE) MarshalJSON() ([]byte, error) {
	c := m.Config()
	f := struct {
		Type         string      `json:"type"`
		Dropout      *float64    `json:"dropout"`
		Unknown      *string     `json:"unk_token"`
		Prefix       *string     `json:"continuing_subword_prefix"`
		Suffix       *string     `json:"end_of_word_suffix"`
		FuseUnknown  bool        `json:"fuse_unk"`
		ByteFallback bool        `json:"byte_fallback"`
		IgnoreMerges bool        `json:"ignore_merges"`
		Vocab        vocabJSON   `json:"vocab"`
		Merges       [][2]string `json:"merges"`
	}{"BPE", optional(c.Dropout), optional(c.Unknown), optional(c.Prefix), optional(c.Suffix),
		c.FuseUnknown, c.ByteFallback, c.IgnoreMerges, vocabJSON{m.names()}, c.Merges}
	if f.Merges == nil {
		f.Merges = [][2]string{}
	}
	return marshal(f)
}

// isPlain reports whether vocab.json and merges.txt describe m completely.
func (m *BPE) isPlain() bool {
	c := m.config
	return m.ranks == nil && !c.Characters && c.Unknown == "" && !c.FuseUnknown && !c.ByteFallback &&
		c.Prefix == "" && c.Suffix == "" && !c.IgnoreMerges && c.Dropout == 0
}
