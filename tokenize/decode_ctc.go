package tokenize

import "strings"

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

// MarshalJSON returns the Decoder in the form of tokenizer.json.
func (d CTC) MarshalJSON() ([]byte, error) {
	type fields CTC
	return typed("CTC", fields(d))
}
