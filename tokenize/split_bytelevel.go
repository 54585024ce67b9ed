package tokenize

import (
	"encoding/json"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
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

// Process implements PostProcessor. It adds no tokens. With TrimOffsets it excludes spaces from the offsets.
func (s ByteLevel) Process(parts []*Encoding) ([]*Encoding, error) {
	if s.TrimOffsets {
		for _, e := range parts {
			s.trim(e)
		}
	}
	return parts, nil
}

func (s ByteLevel) frame() (before, after []int32, ok bool) { return nil, nil, true }

// trim excludes the spaces at both ends of each token from its offsets. The space that PrefixSpace added has no place in
// the text, so nothing is trimmed for it.
func (s ByteLevel) trim(e *Encoding) {
	for i, token := range e.Tokens {
		o := &e.Offsets[i]
		lead, trail := spacesAround(token, e.runes)
		if lead > 0 && s.PrefixSpace && (i == 0 || o.Start == 0) {
			lead--
		}
		o.Start = min(o.Start+lead, o.End)
		if o.End >= trail {
			o.End = max(o.End-trail, o.Start)
		}
	}
	for _, o := range e.Overflow {
		s.trim(o)
	}
}

// spacesAround returns the length of the spaces at each end of a token's text, in bytes or runes. GPT-2 spells a space Ġ.
func spacesAround(token string, runes bool) (lead, trail int) {
	width := func(r rune) int {
		switch {
		case r != 'Ġ' && char.Classes.Class(r)&char.Space == 0:
			return 0
		case r == 'Ġ' || runes:
			return 1
		}
		return utf8.RuneLen(r)
	}
	for _, r := range token {
		n := width(r)
		if n == 0 {
			break
		}
		lead += n
	}
	for token != "" {
		r, w := utf8.DecodeLastRuneInString(token)
		n := width(r)
		if n == 0 {
			break
		}
		trail += n
		token = token[:len(token)-w]
	}
	return lead, trail
}

// Decode implements Decoder. It returns the bytes that tokens spell, in one string. A token that spells no bytes stays
// unchanged.
func (ByteLevel) Decode(tokens []string) []string { return Fuse{}.Decode(joinAll(ByteLevel{}, tokens)) }

func (ByteLevel) join(dst []byte, _, token string, _ bool) []byte {
	if raw, ok := char.ReadBytes(dst, token); ok {
		return raw
	}
	return append(dst, token...)
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
