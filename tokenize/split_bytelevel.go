package tokenize

import (
	"encoding/json"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/scan"
	"github.com/pkg/errors"
)

// ByteLevel is the Splitter, the PostProcessor and the Decoder of byte-level BPE. The zero value is GPT-2's: it splits by
// the pattern ('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+), adds no space in front, and
// includes the leading space of a token in its offsets. A BPE of bytes gets the bytes; any other model gets their
// spelling in GPT-2's alphabet.
//
// As a Decoder it returns the bytes that tokens spell. They need not be valid UTF-8 for an arbitrary list of ids.
type ByteLevel struct {
	PrefixSpace bool // as a Splitter, add a space to a text that does not begin with one
	TrimOffsets bool // as a PostProcessor, exclude spaces at the ends of a token from its offsets, except for added tokens
	NoPattern   bool // as a Splitter, do not split, because another Splitter does
}

// Split implements Splitter.
func (s ByteLevel) Split(dst []Text, t Text) []Text {
	if s.PrefixSpace && len(t.s) > 0 && t.s[0] != ' ' {
		t = prepend(t, " ")
	}
	return appendPieces(s.pattern(), dst, t)
}

func (s ByteLevel) pattern() scan.Scanner {
	if s.NoPattern {
		return scan.Whole{}
	}
	return scan.GPT2{}
}

func (s ByteLevel) scanner() scan.Scanner {
	if s.PrefixSpace {
		return nil
	}
	return s.pattern()
}

// hasByteLevel reports whether a Splitter is a ByteLevel or has a ByteLevel among its parts.
func hasByteLevel(s Splitter) bool { return byteLevelIn(s) >= 0 }

// byteLevelIn returns the index of the first ByteLevel among the parts of a Splitter, or -1.
func byteLevelIn(s Splitter) int {
	switch s := s.(type) {
	case ByteLevel:
		return 0
	case Splitters:
		for i, part := range s {
			if hasByteLevel(part) {
				return i
			}
		}
	}
	return -1
}

// MarshalJSON returns the stage in the form of tokenizer.json.
func (s ByteLevel) MarshalJSON() ([]byte, error) {
	useRegex := !s.NoPattern
	return json.Marshal(jsonByteLevel{"ByteLevel", &s.PrefixSpace, &s.TrimOffsets, &useRegex})
}

// jsonByteLevel is a ByteLevel in any of its roles.
type jsonByteLevel struct {
	Type        string `json:"type"`
	PrefixSpace *bool  `json:"add_prefix_space"`
	TrimOffsets *bool  `json:"trim_offsets"`
	UseRegex    *bool  `json:"use_regex"`
}

func parseByteLevel(raw json.RawMessage) (s ByteLevel, err error) {
	var f jsonByteLevel
	if err := json.Unmarshal(raw, &f); err != nil {
		return s, errors.WithStack(err)
	}
	if f.PrefixSpace == nil || f.TrimOffsets == nil {
		return s, errors.New("add_prefix_space and trim_offsets are required")
	}
	return ByteLevel{PrefixSpace: *f.PrefixSpace, TrimOffsets: *f.TrimOffsets, NoPattern: f.UseRegex != nil && !*f.UseRegex}, nil
}
