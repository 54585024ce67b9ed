package char

import (
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/rangetable"
)

// The classes of characters that BERT's stages use.
const (
	BertControl = 1 << iota // removed by Clean
	BertSpace               // replaced by a space by Clean
	BertChinese             // a CJK ideograph
	BertMark                // Mn: an accent
	BertPunct               // punctuation: ASCII except letters, digits and spaces, and category P
)

func Bert(r rune) uint8 { return bertClasses().Class(r) }

// bertClasses holds the classes in Unicode 8.0. Characters whose class has changed since then have their old class.
var bertClasses = sync.OnceValue(func() *Table {
	all := make([]uint8, unicode.MaxRune+1)
	pinned := rangetable.Assigned("8.0.0")
	mark := func(class uint8, tables ...*unicode.RangeTable) {
		for _, t := range tables {
			rangetable.Visit(t, func(r rune) {
				if unicode.Is(pinned, r) {
					all[r] |= class
				}
			})
		}
	}
	mark(BertControl, unicode.Cc, unicode.Cf, unicode.Co)
	mark(BertSpace, unicode.White_Space)
	mark(BertMark, unicode.Mn)
	mark(BertPunct, unicode.P)
	for _, r := range "\t\n\r" {
		all[r] &^= BertControl
	}
	all[0], all[utf8.RuneError] = BertControl, BertControl
	for r := '!'; r <= '~'; r++ {
		if ASCII[r]&(Letter|Number) == 0 {
			all[r] |= BertPunct
		}
	}
	all[0x1734], all[0x111c9], all[0x166d] = BertMark, BertPunct, BertPunct
	all[0x1885], all[0x1886], all[0xa9bd] = 0, 0, 0
	for _, block := range chinese {
		for r := block[0]; r <= block[1]; r++ {
			all[r] |= BertChinese
		}
	}
	return Pack(all)
})

// chinese lists the blocks of CJK ideographs that BERT knows. (Extension E begins at U+2B820; the reference has U+2B920.)
var chinese = [][2]rune{{0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xf900, 0xfaff}, {0x20000, 0x2a6df}, {0x2a700, 0x2b73f},
	{0x2b740, 0x2b81f}, {0x2b920, 0x2ceaf}, {0x2f800, 0x2fa1f}}
