package tokenize

import "github.com/gorgoformer/gorgoformer/tokenize/internal/char"

// Decode implements Decoder. It returns the bytes that tokens spell, in one string. A token that spells no bytes stays
// unchanged.
func (ByteLevel) Decode(tokens []string) []string { return Fuse{}.Decode(joinAll(ByteLevel{}, tokens)) }

func (ByteLevel) join(dst []byte, _, token string, _ bool) []byte {
	if raw, ok := char.ReadBytes(dst, token); ok {
		return raw
	}
	return append(dst, token...)
}
