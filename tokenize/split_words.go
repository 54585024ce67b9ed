package tokenize

import "github.com/gorgoformer/gorgoformer/tokenize/internal/scan"

// Whitespace yields runs of word characters and runs of other characters that are not spaces: \w+|[^\w\s]+, where \w is
// Alphabetic, Mark, Decimal_Number, Connector_Punctuation or Join_Control.
type Whitespace struct{}

// Split implements Splitter.
func (Whitespace) Split(dst []Text, t Text) []Text { return appendPieces(scan.Whitespace{}, dst, t) }

func (Whitespace) scanner() scan.Scanner { return scan.Whitespace{} }

// MarshalJSON returns the Splitter in the form of tokenizer.json.
func (Whitespace) MarshalJSON() ([]byte, error) { return named("Whitespace") }

// WhitespaceSplit yields the text between spaces.
type WhitespaceSplit struct{}

// Split implements Splitter.
func (WhitespaceSplit) Split(dst []Text, t Text) []Text { return appendPieces(scan.Fields{}, dst, t) }

func (WhitespaceSplit) scanner() scan.Scanner { return scan.Fields{} }

// MarshalJSON returns the Splitter in the form of tokenizer.json.
func (WhitespaceSplit) MarshalJSON() ([]byte, error) { return named("WhitespaceSplit") }

// Chars yields every character as a piece. Files store it as a Split with the pattern [\s\S].
type Chars struct{}

// Split implements Splitter.
func (Chars) Split(dst []Text, t Text) []Text { return appendPieces(scan.Chars{}, dst, t) }

func (Chars) scanner() scan.Scanner { return scan.Chars{} }

// MarshalJSON returns the Splitter in the form of tokenizer.json.
func (s Chars) MarshalJSON() ([]byte, error) { return keepMatches(patternOf(s)) }

// Words yields words (letters, marks, numbers, _, with apostrophes inside), every newline and every other character that
// is not a space. Files store it as a Split with the pattern
// \n|[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}\p{N}_]+)*|[^\s\p{L}\p{M}\p{N}_].
type Words struct{}

// Split implements Splitter.
func (Words) Split(dst []Text, t Text) []Text { return appendPieces(scan.Words{}, dst, t) }

func (Words) scanner() scan.Scanner { return scan.Words{} }

// MarshalJSON returns the Splitter in the form of tokenizer.json.
func (s Words) MarshalJSON() ([]byte, error) { return keepMatches(patternOf(s)) }

// The patterns that stand for Chars and Words in files.
const (
	patternChars = `[\s\S]`
	patternWords = `\n|[\p{L}\p{M}\p{N}_]+(?:['’][\p{L}\p{M}\p{N}_]+)*|[^\s\p{L}\p{M}\p{N}_]`
)

func patternOf(s Splitter) string {
	if s == (Chars{}) {
		return patternChars
	}
	return patternWords
}

// keepMatches returns a Split that drops the text between matches.
func keepMatches(pattern string) ([]byte, error) {
	return Split{Pattern: pattern, Regex: true, Behavior: Removed, Invert: true}.MarshalJSON()
}
