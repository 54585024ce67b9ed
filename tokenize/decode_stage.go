package tokenize

import (
	"strings"
	"unicode/utf8"
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

// Decode implements Decoder: it returns the bytes that tokens spell, in one string; a token that spells none stays.
func (ByteLevel) Decode(tokens []string) []string { return Fuse{}.Decode(joinAll(ByteLevel{}, tokens)) }

func (ByteLevel) join(dst []byte, _, token string, _ bool) []byte {
	if raw, ok := readBytes(dst, token); ok {
		return raw
	}
	return append(dst, token...)
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

// WordJoiner is the Decoder for Words: a space between tokens, but none beside a newline, none after an opening bracket or
// quotation mark and none before a closing one or a punctuation mark. Files hold it as a Sequence of one WordPiece
// decoder and three Replace.
type WordJoiner struct{}

const (
	openers = "([{«“‘¿¡"
	closers = ",.;:!?%)]}»”’…"
)

// Decode implements Decoder.
func (WordJoiner) Decode(tokens []string) []string { return joinAll(WordJoiner{}, tokens) }

func (WordJoiner) join(dst []byte, before, token string, first bool) []byte {
	if !first && !sticks(before, token) {
		dst = append(dst, ' ')
	}
	return append(dst, token...)
}

// sticks tells whether no space stands between two tokens.
func sticks(before, token string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(token)
	return last == '\n' || next == '\n' || strings.ContainsRune(openers, last) || strings.ContainsRune(closers, next)
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
