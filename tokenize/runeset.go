package tokenize

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/pkg/errors"
	"golang.org/x/text/unicode/rangetable"
)

// runeSet is a set of characters: ranges in order, with room between them.
type runeSet []runeRange

type runeRange struct{ first, last rune }

// normal returns s in order, with ranges that touch joined.
func (s runeSet) normal() runeSet {
	s = slices.Clone(s)
	slices.SortFunc(s, func(a, b runeRange) int { return int(a.first - b.first) })
	out := s[:0]
	for _, r := range s {
		if n := len(out); n > 0 && r.first <= out[n-1].last+1 {
			out[n-1].last = max(out[n-1].last, r.last)
			continue
		}
		out = append(out, r)
	}
	return out
}

// negated returns all other characters.
func (s runeSet) negated() runeSet {
	var out runeSet
	next := rune(0)
	for _, r := range s.normal() {
		if next < r.first {
			out = append(out, runeRange{next, r.first - 1})
		}
		next = r.last + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, runeRange{next, unicode.MaxRune})
	}
	return out
}

// and returns the characters that are in both.
func (s runeSet) and(t runeSet) runeSet { return append(s.negated(), t.negated()...).negated() }

// folded returns s with the characters that differ from those in it by case only.
func (s runeSet) folded() runeSet {
	out := s.normal()
	for _, r := range out {
		for _, c := range casedRunes() {
			if c < r.first || c > r.last {
				continue
			}
			for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
				out = append(out, runeRange{f, f})
			}
		}
	}
	return out.normal()
}

// casedRunes are the characters that have case.
var casedRunes = sync.OnceValue(func() (cased []rune) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if unicode.SimpleFold(r) != r {
			cased = append(cased, r)
		}
	}
	return cased
})

// String returns s as a class of a regular expression. The empty set matches nothing.
func (s runeSet) String() string {
	s = s.normal()
	switch {
	case len(s) == 0:
		return "(?!)"
	case len(s) == 1 && s[0].first == 0 && s[0].last == unicode.MaxRune:
		return `[\s\S]`
	}
	var b strings.Builder
	b.WriteByte('[')
	for _, r := range s {
		b.WriteString(escapeRune(r.first))
		if r.last > r.first {
			b.WriteString("-" + escapeRune(r.last))
		}
	}
	b.WriteByte(']')
	return b.String()
}

// escapeRune returns r as it stands for itself, in a class or outside.
func escapeRune(r rune) string {
	if r < 0x80 && asciiClasses[r]&(classLetter|classNumber) == 0 {
		const hex = "0123456789abcdef"
		return `\x` + string(hex[r>>4]) + string(hex[r&15])
	}
	return string(r)
}

func setOf(tables ...*unicode.RangeTable) (s runeSet) {
	rangetable.Visit(rangetable.Merge(tables...), func(r rune) {
		if n := len(s); n > 0 && s[n-1].last == r-1 {
			s[n-1].last = r
			return
		}
		s = append(s, runeRange{r, r})
	})
	return s
}

// classSet returns the characters that have one of the classes, or of the tables.
func classSet(classes uint8, tables ...*unicode.RangeTable) (s runeSet) {
	s = setOf(tables...)
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if runeClasses.class(r)&classes == 0 {
			continue
		}
		if n := len(s); n > 0 && s[n-1].last == r-1 {
			s[n-1].last = r
			continue
		}
		s = append(s, runeRange{r, r})
	}
	return s.normal()
}

// The sets of the shorthands, as Oniguruma has them.
var (
	setSpace  = sync.OnceValue(func() runeSet { return classSet(classSpace) })
	setDigit  = sync.OnceValue(func() runeSet { return append(setOf(unicode.Nd), lateDigits...).normal() })
	setLetter = sync.OnceValue(func() runeSet { return classSet(classLetter) })
	setNumber = sync.OnceValue(func() runeSet { return classSet(classNumber) })
	setHex    = runeSet{{'0', '9'}, {'A', 'F'}, {'a', 'f'}}
	setWord   = sync.OnceValue(func() runeSet { return classSet(classWord).and(setOf(unicode.Join_Control).negated()) })
)

// setWordAlone is what \w is outside a class: some numbers of Latin-1 are in it there.
var setWordAlone = sync.OnceValue(func() runeSet {
	return append(runeSet{{'²', '³'}, {'¹', '¹'}, {'¼', '¾'}}, setWord()...).normal()
})

// lateDigits are the numbers of category Nd that Unicode 16.0 added; those of other categories it did not change.
var lateDigits = runeSet{{0x10d40, 0x10d49}, {0x116d0, 0x116e3}, {0x11bf0, 0x11bf9}, {0x16130, 0x16139}, {0x16d70, 0x16d79},
	{0x1ccf0, 0x1ccf9}, {0x1e5f1, 0x1e5fa}}

// lateSymbols and latePunctuation are those that Unicode 15.1 and 16.0 added.
var (
	lateSymbols = runeSet{{0x2427, 0x2429}, {0x2ffc, 0x2fff}, {0x31e4, 0x31e5}, {0x31ef, 0x31ef}, {0x10d8e, 0x10d8f}, {0x1cc00, 0x1ccef},
		{0x1cd00, 0x1ceb3}, {0x1f8b2, 0x1f8bb}, {0x1f8c0, 0x1f8c1}, {0x1fa89, 0x1fa89}, {0x1fa8f, 0x1fa8f}, {0x1fabe, 0x1fabe},
		{0x1fac6, 0x1fac6}, {0x1fadc, 0x1fadc}, {0x1fadf, 0x1fadf}, {0x1fae9, 0x1fae9}, {0x1fbcb, 0x1fbef}}
	latePunctuation = runeSet{{0x1b4e, 0x1b4f}, {0x1b7f, 0x1b7f}, {0x10d6e, 0x10d6e}, {0x113d4, 0x113d5}, {0x113d7, 0x113d8},
		{0x11be1, 0x11be1}, {0x16d6d, 0x16d6f}, {0x1e5ff, 0x1e5ff}}
)

// propertySet returns the characters of a Unicode category or script, the first letters of categories as in Unicode 16.0 and
// other categories and scripts as the standard library has them.
func propertySet(name string) (runeSet, error) {
	switch name {
	case "L", "Letter":
		return setLetter(), nil
	case "M", "Mark":
		return classSet(classMark), nil
	case "N", "Number":
		return setNumber(), nil
	case "Lu":
		return classSet(classUpper).and(setOf(unicode.Lt).negated()), nil
	case "Ll":
		return classSet(classLower), nil
	case "Nd":
		return setDigit(), nil
	case "S", "Symbol":
		return append(setOf(unicode.S), lateSymbols...).normal(), nil
	case "P", "Punctuation":
		return append(setOf(unicode.P), latePunctuation...).normal(), nil
	case "C", "Other":
		assigned := setOf(unicode.S, unicode.P, unicode.Z)
		return slices.Concat(assigned, classSet(classLetter|classMark|classNumber), lateSymbols, latePunctuation).negated(), nil
	case "Han":
		return append(setOf(unicode.Han), runeRange{0x2ebf0, 0x2ee5d}), nil
	}
	for _, tables := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts} {
		for known, table := range tables {
			if strings.EqualFold(known, name) {
				return setOf(table), nil
			}
		}
	}
	return nil, errors.Errorf("unknown property %q", name)
}
