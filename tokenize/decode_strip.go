package tokenize

import "strings"

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

// MarshalJSON returns the Decoder in the form of tokenizer.json.
func (d StripDecoder) MarshalJSON() ([]byte, error) {
	type fields StripDecoder
	return typed("Strip", fields(d))
}
