package tokenize

import "strings"

// Decode implements Decoder.
func (m Metaspace) Decode(tokens []string) []string { return joinAll(m, tokens) }

func (m Metaspace) join(dst []byte, _, token string, first bool) []byte {
	space := " "
	if first && m.scheme() != PrependNever {
		space = ""
	}
	mark := m.mark()
	for {
		i := strings.Index(token, mark)
		if i < 0 {
			return append(dst, token...)
		}
		dst = append(append(dst, token[:i]...), space...)
		token = token[i+len(mark):]
	}
}
