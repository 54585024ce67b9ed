package tokenize

import (
	"encoding/json"
	"strings"
)

// Decoder turns the tokens of a text into strings that are its text when put side by side.
type Decoder interface {
	// Decode may work in place.
	Decode(tokens []string) []string
}

// joiner is a Decoder that needs to know only the token before.
type joiner interface {
	// join appends the text of token to dst. At the start of a text first is true and before is "".
	join(dst []byte, before, token string, first bool) []byte
}

// joinAll is Decode of a joiner.
func joinAll(j joiner, tokens []string) []string {
	before := ""
	for i, token := range tokens {
		tokens[i] = string(j.join(nil, before, token, i == 0))
		before = token
	}
	return tokens
}

// Fuse is the Decoder that puts tokens side by side as they are.
type Fuse struct{}

// Decode implements Decoder.
func (Fuse) Decode(tokens []string) []string {
	if len(tokens) == 0 {
		return tokens
	}
	return append(tokens[:0], strings.Join(tokens, ""))
}

func (Fuse) join(dst []byte, _, token string, _ bool) []byte { return append(dst, token...) }

// spaced puts a space between tokens: what happens without a Decoder.
type spaced struct{}

func (spaced) join(dst []byte, _, token string, first bool) []byte {
	if !first {
		dst = append(dst, ' ')
	}
	return append(dst, token...)
}

// Decoders applies each Decoder to what the one before made.
type Decoders []Decoder

// Decode implements Decoder.
func (l Decoders) Decode(tokens []string) []string {
	for _, d := range l {
		tokens = d.Decode(tokens)
	}
	return tokens
}

func (l Decoders) decode(tokens []string) (_ []string, err error) {
	for _, d := range l {
		if tokens, err = decode(d, tokens); err != nil {
			return nil, err
		}
	}
	return tokens, nil
}

// MarshalJSON writes the sequence as files hold it.
func (l Decoders) MarshalJSON() ([]byte, error) { return marshalSequence("decoders", l) }

func parseDecoder(raw json.RawMessage, depth int) (Decoder, error) {
	return parseStage(raw, depth, map[string]reader[Decoder]{
		"BPEDecoder":   read[Decoder](BPEDecoder{Suffix: "</w>"}),
		"ByteFallback": read[Decoder](ByteFallback{}),
		"ByteLevel":    func(raw json.RawMessage, _ int) (Decoder, error) { return parseByteLevel(raw) },
		"CTC":          read[Decoder](CTC{Pad: "<pad>", Delimiter: "|", Cleanup: true}),
		"Fuse":         read[Decoder](Fuse{}),
		"Metaspace":    read[Decoder](Metaspace{}),
		"Replace":      read[Decoder](Replace{}),
		"Strip":        read[Decoder](StripDecoder{}),
		"WordPiece":    read[Decoder](WordPieceDecoder{Prefix: "##", Cleanup: true}),
		"Sequence": func(raw json.RawMessage, depth int) (Decoder, error) {
			if isWordJoiner(raw) {
				return WordJoiner{}, nil
			}
			list, err := sequence(raw, "decoders", depth, parseDecoder)
			return Decoders(list), err
		},
	})
}

// MarshalJSON writes the Decoder as files hold it.
func (Fuse) MarshalJSON() ([]byte, error) { return named("Fuse") }
