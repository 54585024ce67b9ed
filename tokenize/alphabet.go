package tokenize

import (
	"fmt"
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

// byteToken returns the token of a byte in a vocabulary of characters, such as <0x0A>.
func byteToken(b byte) string { return fmt.Sprintf("<0x%02X>", b) }

// byteIDs returns the ids of <0x00> … <0xFF>; -1 for a missing token.
func byteIDs(find func(token string) (int32, bool)) (ids [256]int32) {
	for b := range ids {
		id, ok := find(byteToken(byte(b)))
		if !ok {
			id = -1
		}
		ids[b] = id
	}
	return ids
}

// readByteToken returns the byte that a token such as <0x0A> names. Its digits may be lower case, as in Hugging Face's
// ByteFallback.
func readByteToken(token string) (b byte, ok bool) {
	if len(token) != len("<0x00>") || token[:3] != "<0x" || token[5] != '>' {
		return 0, false
	}
	high, low := char.HexValue(token[3]), char.HexValue(token[4])
	return byte(high<<4 | low), high|low < 16
}
