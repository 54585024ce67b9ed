package tokenize

import "strings"

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

// MarshalJSON returns the Decoder in the form of tokenizer.json.
func (d BPEDecoder) MarshalJSON() ([]byte, error) {
	type fields BPEDecoder
	return typed("BPEDecoder", fields(d))
}
