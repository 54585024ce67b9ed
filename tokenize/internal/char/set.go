package char

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/pkg/errors"
	"golang.org/x/text/unicode/rangetable"
)

// Set is a set of characters: ordered ranges that do not touch.
type Set []Range

type Range struct{ First, Last rune }

// Normal returns s with its ranges in order and touching ranges joined.
func (s Set) Normal() Set {
	s = slices.Clone(s)
	slices.SortFunc(s, func(a, b Range) int { return int(a.First - b.First) })
	out := s[:0]
	for _, r := range s {
		if n := len(out); n > 0 && r.First <= out[n-1].Last+1 {
			out[n-1].Last = max(out[n-1].Last, r.Last)
			continue
		}
		out = append(out, r)
	}
	return out
}

// Negated returns the characters that are not in s.
func (s Set) Negated() Set {
	var out Set
	next := rune(0)
	for _, r := range s.Normal() {
		if next < r.First {
			out = append(out, Range{next, r.First - 1})
		}
		next = r.Last + 1
	}
	if next <= unicode.MaxRune {
		out = append(out, Range{next, unicode.MaxRune})
	}
	return out
}

// And returns the characters that are in both.
func (s Set) And(t Set) Set { return append(s.Negated(), t.Negated()...).Negated() }

// Folded returns s with all characters that differ only in case from a character of s.
func (s Set) Folded() Set {
	out := s.Normal()
	for _, r := range out {
		for _, c := range casedRunes() {
			if c < r.First || c > r.Last {
				continue
			}
			for f := unicode.SimpleFold(c); f != c; f = unicode.SimpleFold(f) {
				out = append(out, Range{f, f})
			}
		}
	}
	return out.Normal()
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

// String returns s as a class of a regular expression. The class of the empty set matches nothing.
func (s Set) String() string {
	s = s.Normal()
	switch {
	case len(s) == 0:
		return "(?!)"
	case len(s) == 1 && s[0].First == 0 && s[0].Last == unicode.MaxRune:
		return `[\s\S]`
	}
	var b strings.Builder
	b.WriteByte('[')
	for _, r := range s {
		b.WriteString(Escape(r.First))
		if r.Last > r.First {
			b.WriteString("-" + Escape(r.Last))
		}
	}
	b.WriteByte(']')
	return b.String()
}

// Escape returns an expression that matches r literally, inside a class or outside.
func Escape(r rune) string {
	if r < 0x80 && ASCII[r]&(Letter|Number) == 0 {
		const hex = "0123456789abcdef"
		return `\x` + string(hex[r>>4]) + string(hex[r&15])
	}
	return string(r)
}

func setOf(tables ...*unicode.RangeTable) (s Set) {
	rangetable.Visit(rangetable.Merge(tables...), func(r rune) {
		if n := len(s); n > 0 && s[n-1].Last == r-1 {
			s[n-1].Last = r
			return
		}
		s = append(s, Range{r, r})
	})
	return s
}

// classSet returns the characters that have one of the classes or are in one of the tables.
func classSet(classes uint8, tables ...*unicode.RangeTable) (s Set) {
	s = setOf(tables...)
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if Classes.Class(r)&classes == 0 {
			continue
		}
		if n := len(s); n > 0 && s[n-1].Last == r-1 {
			s[n-1].Last = r
			continue
		}
		s = append(s, Range{r, r})
	}
	return s.Normal()
}

// The sets of the shorthands, as in Oniguruma.
var (
	Spaces    = sync.OnceValue(func() Set { return classSet(Space) })
	Digits    = sync.OnceValue(func() Set { return append(setOf(unicode.Nd), lateDigits...).Normal() })
	setLetter = sync.OnceValue(func() Set { return classSet(Letter) })
	setNumber = sync.OnceValue(func() Set { return classSet(Number) })
	Hex       = Set{{'0', '9'}, {'A', 'F'}, {'a', 'f'}}
	Words     = sync.OnceValue(func() Set { return classSet(Word).And(setOf(unicode.Join_Control).Negated()) })
)

// WordsAlone is the set that \w matches outside a class, where it also includes some numbers of Latin-1.
var WordsAlone = sync.OnceValue(func() Set {
	return append(Set{{'²', '³'}, {'¹', '¹'}, {'¼', '¾'}}, Words()...).Normal()
})

// lateDigits are the numbers of category Nd that Unicode 16.0 added. It did not change other categories of numbers.
var lateDigits = Set{{0x10d40, 0x10d49}, {0x116d0, 0x116e3}, {0x11bf0, 0x11bf9}, {0x16130, 0x16139}, {0x16d70, 0x16d79},
	{0x1ccf0, 0x1ccf9}, {0x1e5f1, 0x1e5fa}}

// lateSymbols and latePunctuation hold the symbols and punctuation marks that Unicode 15.1 and 16.0 added.
var (
	lateSymbols = Set{{0x2427, 0x2429}, {0x2ffc, 0x2fff}, {0x31e4, 0x31e5}, {0x31ef, 0x31ef}, {0x10d8e, 0x10d8f}, {0x1cc00, 0x1ccef},
		{0x1cd00, 0x1ceb3}, {0x1f8b2, 0x1f8bb}, {0x1f8c0, 0x1f8c1}, {0x1fa89, 0x1fa89}, {0x1fa8f, 0x1fa8f}, {0x1fabe, 0x1fabe},
		{0x1fac6, 0x1fac6}, {0x1fadc, 0x1fadc}, {0x1fadf, 0x1fadf}, {0x1fae9, 0x1fae9}, {0x1fbcb, 0x1fbef}}
	latePunctuation = Set{{0x1b4e, 0x1b4f}, {0x1b7f, 0x1b7f}, {0x10d6e, 0x10d6e}, {0x113d4, 0x113d5}, {0x113d7, 0x113d8},
		{0x11be1, 0x11be1}, {0x16d6d, 0x16d6f}, {0x1e5ff, 0x1e5ff}}
)

// Property returns the characters of a Unicode category or script. The first letters of categories have the version
// Unicode 16.0; other categories and scripts have the version of the standard library.
func Property(name string) (Set, error) {
	switch name {
	case "L", "Letter":
		return setLetter(), nil
	case "M", "Mark":
		return classSet(Mark), nil
	case "N", "Number":
		return setNumber(), nil
	case "Lu":
		return classSet(Upper).And(setOf(unicode.Lt).Negated()), nil
	case "Ll":
		return classSet(Lower), nil
	case "Nd":
		return Digits(), nil
	case "S", "Symbol":
		return append(setOf(unicode.S), lateSymbols...).Normal(), nil
	case "P", "Punctuation":
		return append(setOf(unicode.P), latePunctuation...).Normal(), nil
	case "C", "Other":
		assigned := setOf(unicode.S, unicode.P, unicode.Z)
		return slices.Concat(assigned, classSet(Letter|Mark|Number), lateSymbols, latePunctuation).Negated(), nil
	case "Han":
		return append(setOf(unicode.Han), Range{0x2ebf0, 0x2ee5d}), nil
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
