package tokenize

import (
	"strings"
	"unicode/utf8"
)

// BPEDecoder is the Decoder of BPE with an end-of-word mark. The mark becomes a space, and is removed from the last
// token.
type BPEDecoder struct {
	Suffix string `json:"suffix"`
}

// Decode implements Decoder.
func (d BPEDecoder) Decode(tokens []string) []string {
	for i, token := range tokens {
		space := " "
		if i == len(tokens)-1 {
			space = ""
		}
		tokens[i] = strings.ReplaceAll(token, d.Suffix, space)
	}
	return tokens
}

// CTC is the Decoder of connectionist temporal classification (Graves et al. 2006). It drops tokens that repeat the
// previous token, then drops Pad.
type CTC struct {
	Pad       string `json:"pad_token"`
	Delimiter string `json:"word_delimiter_token"` // replaced by a space if Cleanup is set
	Cleanup   bool   `json:"cleanup"`
}

// Decode implements Decoder.
func (d CTC) Decode(tokens []string) []string {
	out := make([]string, 0, len(tokens))
	for i, token := range tokens {
		if i > 0 && token == tokens[i-1] {
			continue
		}
		token = strings.ReplaceAll(token, d.Pad, "")
		if d.Cleanup {
			token = strings.ReplaceAll(cleanup(token), d.Delimiter, " ")
		}
		if token != "" {
			out = append(out, token)
		}
	}
	return out
}

// StripDecoder is the Decoder that removes the character Content from the ends of each token: at most Start times at the
// start and Stop times at the end.
type StripDecoder struct {
	Content string `json:"content"`
	Start   int    `json:"start"`
	Stop    int    `json:"stop"`
}

func (d StripDecoder) check() error { return oneRune("content", d.Content) }

// Decode implements Decoder.
func (d StripDecoder) Decode(tokens []string) []string { return joinAll(d, tokens) }

func (d StripDecoder) join(dst []byte, _, token string, _ bool) []byte {
	for n := 0; n < d.Start && d.Content != "" && strings.HasPrefix(token, d.Content); n++ {
		token = token[len(d.Content):]
	}
	for n := 0; n < d.Stop && d.Content != "" && strings.HasSuffix(token, d.Content); n++ {
		token = token[:len(token)-len(d.Content)]
	}
	return append(dst, token...)
}

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

// MarshalJSON returns the Decoder in the form of tokenizer.json.
func (d BPEDecoder) MarshalJSON() ([]byte, error) {
	type fields BPEDecoder
	return typed("BPEDecoder", fields(d))
}

// MarshalJSON returns the Decoder in the form of tokenizer.json.
func (d CTC) MarshalJSON() ([]byte, error) {
	type fields CTC
	return typed("CTC", fields(d))
}

// MarshalJSON returns the Decoder in the form of tokenizer.json.
func (d StripDecoder) MarshalJSON() ([]byte, error) {
	type fields StripDecoder
	return typed("Strip", fields(d))
}
