package tokenize

import "unicode/utf8"

// ByteFallback is the Decoder that turns tokens such as <0xE2> into the bytes that they name. If a run of such tokens is
// not UTF-8, each of its bytes becomes U+FFFD.
type ByteFallback struct{}

// Decode implements Decoder.
func (ByteFallback) Decode(tokens []string) []string {
	out := make([]string, 0, len(tokens))
	var run []byte
	flush := func() {
		switch {
		case utf8.Valid(run):
			out = append(out, string(run))
		default:
			for range run {
				out = append(out, string(utf8.RuneError))
			}
		}
		run = run[:0]
	}
	for _, token := range tokens {
		if b, ok := readByteToken(token); ok {
			run = append(run, b)
			continue
		}
		if len(run) > 0 {
			flush()
		}
		out = append(out, token)
	}
	if len(run) > 0 {
		flush()
	}
	return out
}

// MarshalJSON returns the Decoder in the form of tokenizer.json.
func (ByteFallback) MarshalJSON() ([]byte, error) { return named("ByteFallback") }
