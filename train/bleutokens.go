package train

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/pkg/errors"
)

// BLEUTokens is a way to cut texts into the tokens that BLEU compares.
type BLEUTokens uint8

// The tokenizers of sacrebleu that need no dictionary.
const (
	Tokens13a  BLEUTokens = iota // of mteval-v13a, for languages with spaces
	TokensIntl                   // of mteval-v14: separates all punctuation and symbols of Unicode, except punctuation between digits
	TokensZh                     // every Chinese character is a token, the rest is as in 13a
	TokensChar                   // every character is a token, for languages without spaces
	TokensNone                   // cuts at spaces: the texts are tokenized
)

var bleuTokens = []struct {
	name  string
	split func(text string) []string
}{{"13a", split13a}, {"intl", splitIntl}, {"zh", splitZh}, {"char", splitChars}, {"none", fields}}

// String returns sacrebleu's name.
func (t BLEUTokens) String() string {
	if int(t) >= len(bleuTokens) {
		return fmt.Sprintf("BLEUTokens(%d)", uint8(t))
	}
	return bleuTokens[t].name
}

// MarshalText returns sacrebleu's name.
func (t BLEUTokens) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads sacrebleu's name.
func (t *BLEUTokens) UnmarshalText(name []byte) error {
	var names []string
	for i, x := range bleuTokens {
		if x.name == string(name) {
			*t = BLEUTokens(i)
			return nil
		}
		names = append(names, x.name)
	}
	return errors.Errorf("train: BLEU: tokens %q, want one of %s", name, strings.Join(names, ", "))
}

func (t BLEUTokens) split(text string) []string { return bleuTokens[t].split(text) }

// BLEUSmoothing replaces a precision of 0, which would make the score 0.
type BLEUSmoothing uint8

// The smoothings of sacrebleu.
const (
	SmoothExp   BLEUSmoothing = iota // 1/2 of a match for the first order without a match, 1/4 for the next, …
	SmoothFloor                      // SmoothingValue for the matches of an order without a match
	SmoothAddK                       // SmoothingValue more matches and n-grams of every order above 1
	SmoothNone
)

var bleuSmoothings = []struct {
	name  string
	value float64 // default of SmoothingValue; 0 if it has no effect
}{{"exp", 0}, {"floor", 0.1}, {"add-k", 1}, {"none", 0}}

// String returns sacrebleu's name.
func (s BLEUSmoothing) String() string {
	if int(s) >= len(bleuSmoothings) {
		return fmt.Sprintf("BLEUSmoothing(%d)", uint8(s))
	}
	return bleuSmoothings[s].name
}

func fields(text string) []string { return strings.FieldsFunc(text, isSpace) }

func splitChars(text string) []string {
	return fields(strings.Join(strings.Split(text, ""), " "))
}

// unescape13a undoes the line breaks and the entities of the SGML files that mteval reads.
var unescape13a = []*strings.Replacer{
	strings.NewReplacer("<skipped>", ""), strings.NewReplacer("-\n", ""), strings.NewReplacer("\n", " "),
	strings.NewReplacer("&quot;", `"`), strings.NewReplacer("&amp;", "&"), strings.NewReplacer("&lt;", "<"), strings.NewReplacer("&gt;", ">"),
}

func split13a(text string) []string {
	for _, r := range unescape13a { // one after the other, as &amp;lt; means <
		text = r.Replace(text)
	}
	return fields(separateASCII(" " + text + " "))
}

func splitZh(text string) []string {
	var b strings.Builder
	for _, r := range strings.TrimFunc(text, isSpace) {
		if isChinese(r) {
			b.WriteString(" " + string(r) + " ")
		} else {
			b.WriteRune(r)
		}
	}
	return fields(separateASCII(b.String()))
}

// separateASCII puts spaces around ASCII punctuation except apostrophes, hyphens after other characters than digits, and periods and
// commas between digits.
func separateASCII(text string) string {
	var spaced []rune
	for _, r := range text {
		if isSeparate(r) {
			spaced = append(spaced, ' ', r, ' ')
		} else {
			spaced = append(spaced, r)
		}
	}
	isPoint := func(r rune) bool { return r == '.' || r == ',' }
	spaced = cutPairs(spaced, true, func(a, b rune) bool { return !isDigit(a) && isPoint(b) })
	spaced = cutPairs(spaced, false, func(a, b rune) bool { return isPoint(a) && !isDigit(b) })
	return string(cutPairs(spaced, true, func(a, b rune) bool { return isDigit(a) && b == '-' }))
}

func isDigit(r rune) bool { return '0' <= r && r <= '9' }

// isSeparate reports whether 13a makes r a token wherever it is.
func isSeparate(r rune) bool {
	return r <= '~' && (r >= '{' || '[' <= r && r <= '`' || ' ' <= r && r <= '&' || '(' <= r && r <= '+' || ':' <= r && r <= '@' || r == '/')
}

// splitIntl separates punctuation from a neighbour that is no number, then every symbol.
func splitIntl(text string) []string {
	cut := cutPairs([]rune(text), true, func(a, b rune) bool { return !unicode.IsNumber(a) && unicode.IsPunct(b) })
	cut = cutPairs(cut, false, func(a, b rune) bool { return unicode.IsPunct(a) && !unicode.IsNumber(b) })
	var b strings.Builder
	for _, r := range cut {
		if unicode.IsSymbol(r) {
			b.WriteString(" " + string(r) + " ")
		} else {
			b.WriteRune(r)
		}
	}
	return fields(b.String())
}

// cutPairs puts a space between the characters of each pair that matches, and one after the pair, or before it. Pairs are found from left
// to right and do not overlap.
func cutPairs(text []rune, after bool, matches func(a, b rune) bool) (cut []rune) {
	for i := 0; i < len(text); i++ {
		switch {
		case i+1 == len(text) || !matches(text[i], text[i+1]):
			cut = append(cut, text[i])
			continue
		case after:
			cut = append(cut, text[i], ' ', text[i+1], ' ')
		default:
			cut = append(cut, ' ', text[i], ' ', text[i+1])
		}
		i++
	}
	return cut
}

// chinese lists the first and last characters of sacrebleu's ranges. The first is written there for characters from U+20000, but covers
// U+2001 to U+2A6D, among them quotation marks and dashes.
var chinese = [][2]rune{
	{0x2001, 0x2a6d}, {0x2e80, 0x2eff}, {0x2f00, 0x2fdf}, {0x2ff0, 0x303f}, {0x3100, 0x312f}, {0x31a0, 0x31bf}, {0x31c0, 0x31ef},
	{0x3200, 0x33ff}, {0x3400, 0x4db5}, {0x4e00, 0x9fbb}, {0xf900, 0xfa2d}, {0xfa30, 0xfa6a}, {0xfa70, 0xfad9},
	{0xfe10, 0xfe1f}, {0xfe30, 0xfe4f}, {0xff00, 0xffef},
}

func isChinese(r rune) bool {
	for _, x := range chinese {
		if x[0] <= r && r <= x[1] {
			return true
		}
	}
	return false
}
