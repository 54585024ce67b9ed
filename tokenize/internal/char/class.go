// Package char holds the classes and sets of characters that split patterns and normalizers use, pinned to versions of
// Unicode.
package char

import (
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/rangetable"
)

// The classes of runes, as bits, that split patterns use.
const (
	Upper   = 1 << iota // Lu, Lt
	Lower               // Ll
	Other               // Lm, Lo
	Mark                // M
	Number              // N: Nd, Nl and No
	Space               // White_Space
	Newline             // CR, LF
	Word                // \w: Alphabetic, M, Nd, Pc, Join_Control

	Letter = Upper | Lower | Other
)

// block holds the classes of 256 consecutive runes.
type block [256]uint8

// Table maps a rune to its classes in two steps; equal blocks are stored once.
type Table struct {
	index  [(unicode.MaxRune + 1) / 256]uint16
	blocks []block
}

// Classes is pinned to Unicode 16.0, the version of the reference tokenizers. It combines the 15.0 part of the standard
// library's tables, whichever version they have, with the later additions listed in unicode16.
var Classes = newTable()

// ASCII holds the classes of the first 128 runes, and 0 for every byte that is not a whole character.
var ASCII = func() (t [256]uint8) {
	copy(t[:utf8.RuneSelf], Classes.blocks[Classes.index[0]][:])
	return t
}()

// Class returns the classes of r. A rune outside Unicode has none.
func (t *Table) Class(r rune) uint8 {
	if uint32(r) > unicode.MaxRune {
		return 0
	}
	return t.blocks[t.index[r>>8]][r&0xff]
}

// At returns the classes and the width of the character that begins at text[i]. A byte that is not part of a character
// has no class and width 1.
func At(text string, i int) (class uint8, width int) {
	if c := text[i]; c < utf8.RuneSelf {
		return ASCII[c], 1
	}
	r, w := utf8.DecodeRuneInString(text[i:])
	if r == utf8.RuneError && w == 1 {
		return 0, 1
	}
	return Classes.Class(r), w
}

func newTable() *Table {
	all := make([]uint8, unicode.MaxRune+1)
	var pinned *unicode.RangeTable // nil: the tables have version 15.0
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
	mark(Upper, unicode.Lu, unicode.Lt)
	mark(Lower, unicode.Ll)
	mark(Other, unicode.Lm, unicode.Lo)
	mark(Mark, unicode.M)
	mark(Number, unicode.N)
	mark(Space, unicode.White_Space)
	mark(Word, unicode.L, unicode.M, unicode.Nd, unicode.Nl, unicode.Pc, unicode.Other_Alphabetic, unicode.Join_Control)
	for _, a := range unicode16 {
		for r := a.first; r <= a.last; r++ {
			all[r] |= a.class | Word
		}
	}
	all['\r'] |= Newline
	all['\n'] |= Newline
	return Pack(all)
}

func Pack(all []uint8) *Table {
	t := &Table{}
	seen := map[block]uint16{}
	for b := range t.index {
		block := block(all[b*256 : b*256+256])
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
	{0x897, 0x897, Mark}, {0x1c89, 0x1c89, Upper}, {0x1c8a, 0x1c8a, Lower},
	{0xa7cb, 0xa7cc, Upper}, {0xa7cd, 0xa7cd, Lower}, {0xa7da, 0xa7da, Upper},
	{0xa7db, 0xa7db, Lower}, {0xa7dc, 0xa7dc, Upper}, {0x105c0, 0x105f3, Other},
	{0x10d40, 0x10d49, Number}, {0x10d4a, 0x10d4f, Other}, {0x10d50, 0x10d65, Upper},
	{0x10d69, 0x10d6d, Mark}, {0x10d6f, 0x10d6f, Other}, {0x10d70, 0x10d85, Lower},
	{0x10ec2, 0x10ec4, Other}, {0x10efc, 0x10efc, Mark}, {0x11380, 0x11389, Other},
	{0x1138b, 0x1138b, Other}, {0x1138e, 0x1138e, Other}, {0x11390, 0x113b5, Other},
	{0x113b7, 0x113b7, Other}, {0x113b8, 0x113c0, Mark}, {0x113c2, 0x113c2, Mark},
	{0x113c5, 0x113c5, Mark}, {0x113c7, 0x113ca, Mark}, {0x113cc, 0x113d0, Mark},
	{0x113d1, 0x113d1, Other}, {0x113d2, 0x113d2, Mark}, {0x113d3, 0x113d3, Other},
	{0x113e1, 0x113e2, Mark}, {0x116d0, 0x116e3, Number}, {0x11bc0, 0x11be0, Other},
	{0x11bf0, 0x11bf9, Number}, {0x11f5a, 0x11f5a, Mark}, {0x13460, 0x143fa, Other},
	{0x16100, 0x1611d, Other}, {0x1611e, 0x1612f, Mark}, {0x16130, 0x16139, Number},
	{0x16d40, 0x16d6c, Other}, {0x16d70, 0x16d79, Number}, {0x18cff, 0x18cff, Other},
	{0x1ccf0, 0x1ccf9, Number}, {0x1e5d0, 0x1e5ed, Other}, {0x1e5ee, 0x1e5ef, Mark},
	{0x1e5f0, 0x1e5f0, Other}, {0x1e5f1, 0x1e5fa, Number}, {0x2ebf0, 0x2ee5d, Other},
}
