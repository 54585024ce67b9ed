package scan

import "github.com/gorgoformer/gorgoformer/tokenize/internal/char"

// The exact texts of split patterns that have a hand-written scanner.
const (
	PatternGPT2   = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
	PatternCL100K = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	PatternQwen2  = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	PatternO200K  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` +
		`[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` +
		`\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// Known holds the hand-written scanners by pattern.
var Known = map[string]Scanner{
	PatternGPT2:   GPT2{},
	PatternCL100K: clScanner{digits: 3},
	PatternQwen2:  clScanner{digits: 1},
	PatternO200K:  o200kScanner{},
}

// GPT2 is the scanner of patternGPT2.
type GPT2 struct{}

func (GPT2) Next(text string, at int) (start, end int) {
	if at >= len(text) {
		return len(text), len(text)
	}
	i := at
	switch text[at] {
	case '\'':
		if n := contraction(text, at, false); n > 0 {
			return at, at + n
		}
	case ' ':
		if at+1 < len(text) {
			i++
		}
	}
	k, w := char.At(text, i)
	switch {
	case k&char.Letter != 0:
		return at, RunOf(text, i+w, char.Letter)
	case k&char.Space != 0:
		return at, spaceEnd(text, at)
	case k&char.Number != 0:
		return at, RunOf(text, i+w, char.Number)
	}
	return at, RunNot(text, i+w, char.Space|char.Letter|char.Number)
}

func (GPT2) Cut(text string, at int) int { return CutAtNewline(text, at, 0) }

// clScanner is the scanner of patternCL100K (GPT-4, Llama 3) with digits 3, and of patternQwen2 with digits 1.
type clScanner struct{ digits int }

func (s clScanner) Next(text string, at int) (start, end int) {
	if at >= len(text) {
		return len(text), len(text)
	}
	if text[at] == '\'' {
		if n := contraction(text, at, true); n > 0 {
			return at, at + n
		}
	}
	k, w := char.At(text, at)
	switch {
	case k&char.Letter != 0:
		return at, RunOf(text, at+w, char.Letter)
	case k&char.Number != 0:
		return at, atMost(text, at, s.digits, char.Number)
	}
	if k&char.Newline == 0 {
		if end := RunOf(text, at+w, char.Letter); end > at+w {
			return at, end
		}
	}
	return at, punctuationOrSpace(text, at, false)
}

func (clScanner) Cut(text string, at int) int { return CutAtNewline(text, at, 1) }

// punctuationOrSpace matches ` ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`. With slash, [\r\n/] replaces the first
// [\r\n].
func punctuationOrSpace(text string, at int, slash bool) int {
	i := at
	if text[at] == ' ' {
		i++
	}
	if end := RunNot(text, i, char.Space|char.Letter|char.Number); end > i {
		for end < len(text) && (text[end] == '\r' || text[end] == '\n' || slash && text[end] == '/') {
			end++
		}
		return end
	}
	if end := newlineEnd(text, at); end > 0 {
		return end
	}
	return spaceEnd(text, at)
}

// o200kScanner is the scanner of patternO200K (GPT-4o).
type o200kScanner struct{}

const (
	o200kHead = char.Upper | char.Other | char.Mark
	o200kTail = char.Lower | char.Other | char.Mark
)

func (o200kScanner) Next(text string, at int) (start, end int) {
	if at >= len(text) {
		return len(text), len(text)
	}
	k, w := char.At(text, at)
	prefix := k&(char.Newline|char.Letter|char.Number) == 0
	end = -1
	if prefix {
		end = o200kLower(text, at+w)
	}
	if end < 0 {
		end = o200kLower(text, at)
	}
	if end < 0 && prefix {
		end = o200kUpper(text, at+w)
	}
	if end < 0 {
		end = o200kUpper(text, at)
	}
	switch {
	case end >= 0:
		if end < len(text) && text[end] == '\'' {
			end += contraction(text, end, true)
		}
		return at, end
	case k&char.Number != 0:
		return at, atMost(text, at, 3, char.Number)
	}
	return at, punctuationOrSpace(text, at, true)
}

func (o200kScanner) Cut(text string, at int) int { return CutAtNewline(text, at, 1) }

// o200kLower returns the end of [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+ at text[i], or -1. If no
// character of the second set follows the first run, the run gives characters back until one is in the second set.
func o200kLower(text string, i int) int {
	last := -1
	for i < len(text) {
		k, w := char.At(text, i)
		if k&o200kHead == 0 {
			break
		}
		i += w
		if k&o200kTail != 0 {
			last = i
		}
	}
	if end := RunOf(text, i, o200kTail); end > i {
		return end
	}
	return last
}

// o200kUpper returns the end of [\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+ at text[i], or -1.
func o200kUpper(text string, i int) int {
	if end := RunOf(text, i, o200kHead); end > i {
		return end
	}
	return -1
}
