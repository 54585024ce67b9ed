package tokenize

import (
	"encoding/json"
	"strings"
)

// Decoder turns the tokens of a text into strings whose concatenation is the text.
type Decoder interface {
	// Decode may work in place.
	Decode(tokens []string) []string
}

// joiner is a Decoder that needs no other context than the previous token.
type joiner interface {
	// join appends the text of token to dst. For the first token of a text, first is true and before is "".
	join(dst []byte, before, token string, first bool) []byte
}

// joinAll implements Decode for a joiner.
func joinAll(j joiner, tokens []string) []string {
	before := ""
	for i, token := range tokens {
		tokens[i] = string(j.join(nil, before, token, i == 0))
		before = token
	}
	return tokens
}

// Fuse is the Decoder that concatenates the tokens unchanged.
type Fuse struct{}

// Decode implements Decoder.
func (Fuse) Decode(tokens []string) []string {
	if len(tokens) == 0 {
		return tokens
	}
	return append(tokens[:0], strings.Join(tokens, ""))
}

func (Fuse) join(dst []byte, _, token string, _ bool) []byte { return append(dst, token...) }

// spaced puts a space between tokens. It is used if there is no Decoder.
type spaced struct{}

func (spaced) join(dst []byte, _, token string, first bool) []byte {
	if !first {
		dst = append(dst, ' ')
	}
	return append(dst, token...)
}

// Decoders applies the Decoders in order, each to the result of the previous one.
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

// MarshalJSON returns the sequence in the form of tokenizer.json.
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

// MarshalJSON returns the Decoder in the form of tokenizer.json.
func (Fuse) MarshalJSON() ([]byte, error) { return named("Fuse") }
