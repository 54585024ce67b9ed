package tokenize

import (
	"iter"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
)

// Alphabet yields all bytes with their spelling in a vocabulary, in GPT-2's order, that of the spellings.
func (ByteLevel) Alphabet() iter.Seq2[byte, string] {
	return func(yield func(byte, string) bool) {
		for _, b := range char.ByteAlphabet() {
			if !yield(b, string(char.ByteRunes[b])) {
				return
			}
		}
	}
}

// Alphabet yields all bytes with their tokens, <0x00> to <0xFF>, in order.
func (ByteFallback) Alphabet() iter.Seq2[byte, string] {
	return func(yield func(byte, string) bool) {
		for b := range 256 {
			if !yield(byte(b), byteToken(byte(b))) {
				return
			}
		}
	}
}

// Byte returns the byte that a token such as <0x0A> names; ok is false for other tokens.
func (ByteFallback) Byte(token string) (b byte, ok bool) { return readByteToken(token) }
