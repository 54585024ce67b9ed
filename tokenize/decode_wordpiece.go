package tokenize

import "strings"

// dirt lists the replacements of cleanup, in order.
var dirt = [][2]string{{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
	{" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"}}

// WordPieceDecoder is the Decoder of WordPiece. A token that begins with Prefix continues the previous word. Any other
// token begins a new word after a space.
type WordPieceDecoder struct {
	Prefix  string `json:"prefix"`
	Cleanup bool   `json:"cleanup"` // removes spaces before punctuation and English contractions
}

// Decode implements Decoder.
func (d WordPieceDecoder) Decode(tokens []string) []string { return joinAll(d, tokens) }

func (d WordPieceDecoder) join(dst []byte, _, token string, first bool) []byte {
	if !first {
		if rest, ok := strings.CutPrefix(token, d.Prefix); ok {
			token = rest
		} else {
			token = " " + token
		}
	}
	if d.Cleanup {
		token = cleanup(token)
	}
	return append(dst, token...)
}

// MarshalJSON returns the Decoder in the form of tokenizer.json.
func (d WordPieceDecoder) MarshalJSON() ([]byte, error) {
	type fields WordPieceDecoder
	return typed("WordPiece", fields(d))
}

// cleanup removes the spaces that English tokens leave before punctuation.
func cleanup(s string) string {
	if !strings.Contains(s, " ") {
		return s
	}
	for _, d := range dirt {
		s = strings.ReplaceAll(s, d[0], d[1])
	}
	return s
}
