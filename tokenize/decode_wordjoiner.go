package tokenize

import (
	"encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"
)

// WordJoiner is the Decoder for Words. It puts a space between tokens, but not around a newline, not after an opening
// bracket or quotation mark, and not before a closing one or a punctuation mark. Files store it as a Sequence of one
// WordPiece decoder and three Replace decoders.
type WordJoiner struct{}

// Decode implements Decoder.
func (WordJoiner) Decode(tokens []string) []string { return joinAll(WordJoiner{}, tokens) }

func (WordJoiner) join(dst []byte, before, token string, first bool) []byte {
	if !first && !sticks(before, token) {
		dst = append(dst, ' ')
	}
	return append(dst, token...)
}

// sticks reports whether two tokens are joined without a space.
func sticks(before, token string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	next, _ := utf8.DecodeRuneInString(token)
	return last == '\n' || next == '\n' || strings.ContainsRune(openers, last) || strings.ContainsRune(closers, next)
}

// wordJoinerJSON is WordJoiner expressed by the components of tokenizer.json.
const wordJoinerJSON = `{"type":"Sequence","decoders":[{"type":"WordPiece","prefix":" ","cleanup":false},{"type":"Fuse"},` +
	`{"type":"Replace","pattern":{"Regex":" ?\\n ?"},"content":"\n"},` +
	`{"type":"Replace","pattern":{"Regex":"(?<=[(\\[{«“‘¿¡]) "},"content":""},` +
	`{"type":"Replace","pattern":{"Regex":" (?=[,.;:!?%)\\]}»”’…])"},"content":""}]}`

// MarshalJSON returns the Decoder in the form of tokenizer.json.
func (WordJoiner) MarshalJSON() ([]byte, error) { return []byte(wordJoinerJSON), nil }

func isWordJoiner(raw json.RawMessage) bool {
	var got, want any
	return json.Unmarshal(raw, &got) == nil && json.Unmarshal([]byte(wordJoinerJSON), &want) == nil && reflect.DeepEqual(got, want)
}

const (
	openers = "([{«“‘¿¡"
	closers = ",.;:!?%)]}»”’…"
)
