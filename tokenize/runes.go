package tokenize

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/rangetable"
)

// Classes of runes, as bits: what the split patterns ask of a character.
const (
	classUpper   = 1 << iota // Lu, Lt
	classLower               // Ll
	classOther               // Lm, Lo
	classMark                // M
	classNumber              // N: Nd, Nl and No
	classSpace               // White_Space
	classNewline             // CR, LF
	classWord                // \w: Alphabetic, M, Nd, Pc, Join_Control

	classLetter = classUpper | classLower | classOther
)

// runeBlock holds the classes of 256 consecutive runes.
type runeBlock [256]uint8

// runeTable maps a rune to its classes in two steps; equal blocks are stored once.
type runeTable struct {
	index  [(unicode.MaxRune + 1) / 256]uint16
	blocks []runeBlock
}

// runeClasses is pinned to Unicode 16.0, the version of the reference tokenizers: the 15.0 part of the standard library's
// tables, whichever version those have, and the later additions listed in unicode16.
var runeClasses = newRuneTable()

// asciiClasses are the first 128 classes, and 0 for every byte that is not a whole character.
var asciiClasses = func() (t [256]uint8) {
	copy(t[:utf8.RuneSelf], runeClasses.blocks[runeClasses.index[0]][:])
	return t
}()

// class returns the classes of r. A rune outside Unicode has none.
func (t *runeTable) class(r rune) uint8 {
	if uint32(r) > unicode.MaxRune {
		return 0
	}
	return t.blocks[t.index[r>>8]][r&0xff]
}

// runeAt returns the classes and the width of the character that begins at text[i]. A byte that is no character has
// none and width 1.
func runeAt(text string, i int) (class uint8, width int) {
	if c := text[i]; c < utf8.RuneSelf {
		return asciiClasses[c], 1
	}
	r, w := utf8.DecodeRuneInString(text[i:])
	if r == utf8.RuneError && w == 1 {
		return 0, 1
	}
	return runeClasses.class(r), w
}

func newRuneTable() *runeTable {
	all := make([]uint8, unicode.MaxRune+1)
	var pinned *unicode.RangeTable // nil: the tables are 15.0 already
	if unicode.Version != "15.0.0" {
		pinned = rangetable.Assigned("15.0.0")
	}
	mark := func(class uint8, tables ...*unicode.RangeTable) {
		for _, t := range tables {
			rangetable.Visit(t, func(r rune) {
				if pinned == nil || unicode.Is(pinned, r) {
					all[r] |= class
				}
			})
		}
	}
	mark(classUpper, unicode.Lu, unicode.Lt)
	mark(classLower, unicode.Ll)
	mark(classOther, unicode.Lm, unicode.Lo)
	mark(classMark, unicode.M)
	mark(classNumber, unicode.N)
	mark(classSpace, unicode.White_Space)
	mark(classWord, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
	for _, a := range unicode16 {
		for r := a.first; r <= a.last; r++ {
			all[r] |= a.class | classWord
		}
	}
	all['\r'] |= classNewline
	all['\n'] |= classNewline
	return packRunes(all)
}

func packRunes(all []uint8) *runeTable {
	t := &runeTable{}
	seen := map[runeBlock]uint16{}
	for b := range t.index {
		block := runeBlock(all[b*256 : b*256+256])
		at, ok := seen[block]
		if !ok {
			at = uint16(len(t.blocks))
			seen[block] = at
			t.blocks = append(t.blocks, block)
		}
		t.index[b] = at
	}
	return t
}

// unicode16 lists the letters, marks and numbers that Unicode 15.1 and 16.0 added (UnicodeData.txt).
var unicode16 = []struct {
	first, last rune
	class       uint8
}{
	{0x897, 0x897, classMark}, {0x1c89, 0x1c89, classUpper}, {0x1c8a, 0x1c8a, classLower},
	{0xa7cb, 0xa7cc, classUpper}, {0xa7cd, 0xa7cd, classLower}, {0xa7da, 0xa7da, classUpper},
	{0xa7db, 0xa7db, classLower}, {0xa7dc, 0xa7dc, classUpper}, {0x105c0, 0x105f3, classOther},
	{0x10d40, 0x10d49, classNumber}, {0x10d4a, 0x10d4f, classOther}, {0x10d50, 0x10d65, classUpper},
	{0x10d69, 0x10d6d, classMark}, {0x10d6f, 0x10d6f, classOther}, {0x10d70, 0x10d85, classLower},
	{0x10ec2, 0x10ec4, classOther}, {0x10efc, 0x10efc, classMark}, {0x11380, 0x11389, classOther},
	{0x1138b, 0x1138b, classOther}, {0x1138e, 0x1138e, classOther}, {0x11390, 0x113b5, classOther},
	{0x113b7, 0x113b7, classOther}, {0x113b8, 0x113c0, classMark}, {0x113c2, 0x113c2, classMark},
	{0x113c5, 0x113c5, classMark}, {0x113c7, 0x113ca, classMark}, {0x113cc, 0x113d0, classMark},
	{0x113d1, 0x113d1, classOther}, {0x113d2, 0x113d2, classMark}, {0x113d3, 0x113d3, classOther},
	{0x113e1, 0x113e2, classMark}, {0x116d0, 0x116e3, classNumber}, {0x11bc0, 0x11be0, classOther},
	{0x11bf0, 0x11bf9, classNumber}, {0x11f5a, 0x11f5a, classMark}, {0x13460, 0x143fa, classOther},
	{0x16100, 0x1611d, classOther}, {0x1611e, 0x1612f, classMark}, {0x16130, 0x16139, classNumber},
	{0x16d40, 0x16d6c, classOther}, {0x16d70, 0x16d79, classNumber}, {0x18cff, 0x18cff, classOther},
	{0x1ccf0, 0x1ccf9, classNumber}, {0x1e5d0, 0x1e5ed, classOther}, {0x1e5ee, 0x1e5ef, classMark},
	{0x1e5f0, 0x1e5f0, classOther}, {0x1e5f1, 0x1e5fa, classNumber}, {0x2ebf0, 0x2ee5d, classOther},
}
