package onig

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"github.com/gorgoformer/gorgoformer/tokenize/internal/char"
)

// Program is a regular expression as instructions of a Machine. It prefers the same matches as Oniguruma. Characters that
// are in the same sets form a class. A table maps a character to its class.
type Program struct {
	fast     []instruction // a repeated set is one instruction
	slow     []instruction // a repeated set is a loop, so that failures are remembered at each of its places
	Branches int           // the number of branch instructions in slow
	ascii    [256]uint8    // classes of ASCII, and 0 for other bytes
	table    *classTable
	Empty    bool    // the empty text may match
	starts   classes // classes of the first character of a match
	Forward  bool    // a match depends only on the text from its start: there is no look-behind and no start of the text
	Plain    bool    // no unbounded part is matched on its own, so that time is linear while failures are remembered
}

type opcode uint8

const (
	opMatch  opcode = iota
	opSet           // one character of set
	opRun           // min to max characters of set, as many as possible
	opBranch        // the first way that leads to a match
	opJump          // to target
	opLook          // the next character is in set; if negative, it is not
	opAhead         // the code up to target matches here; if negative, it does not
	opBehind        // like opAhead, min characters earlier
	opAtomic        // the first match of the code up to target
	opStart
	opEnd
)

type instruction struct {
	op         opcode
	negative   bool
	possessive bool // of opRun: giving characters back cannot lead to a match
	set        *classes
	min, max   int // max -1: no bound
	target     int
	branch     *branch // of opBranch
}

// branch lists ways to continue, in order. A way is tried only if the next character allows it.
type branch struct {
	number int         // index among all branches
	pcs    []int       // the target of each way
	ways   [256]uint64 // bits of the allowed ways, by the class of the next character
}

// maxWays is the maximum number of ways of a branch.
const maxWays = 64

// classes is a set of classes.
type classes [256]bool

// firstSet holds the characters that may come next.
type firstSet struct {
	set   uint32 // a bit for each set
	any   bool   // any character or the end of the text
	match bool   // a match is complete without a further character
}

func (f firstSet) or(g firstSet) firstSet {
	return firstSet{f.set | g.set, f.any || g.any, f.match || g.match}
}

func (f firstSet) has(mask uint32) bool { return f.any || f.set&mask != 0 }

// classTable maps a character to its class in two steps; equal blocks are stored once. Class 0 is in no set. The end of a
// text has class 0 too.
type classTable struct {
	index  [(unicode.MaxRune + 1) / 256]uint16
	blocks [][256]uint8
}

// A program has at most maxSets sets and maxProgram instructions. maxPossessive is the greatest bound of a possessive
// repeat.
const (
	maxSets       = 32
	maxProgram    = 1 << 12
	maxPossessive = 1 << 10
)

// compileProgram compiles a pattern of translateRegex. It returns nil if the pattern has a construct that programs do not
// support: a reference, a repeat of a part that may be empty, or a look-behind at a part of unknown length.
func compileProgram(translated string) *Program {
	root, ok := parseNodes(translated)
	if !ok {
		return nil
	}
	p := &Program{Forward: true, Plain: true, Empty: root.nullable()}
	c := &programCompiler{program: p, ok: true}
	c.collect(root)
	if !c.ok {
		return nil
	}
	if c.fill(); !c.ok {
		return nil
	}
	end := firstSet{any: true, match: true}
	p.starts = c.classesOf(c.first(root, end))
	for _, code := range []*[]instruction{&p.fast, &p.slow} {
		c.loops, c.code, p.Branches = code == &p.slow, nil, 0
		c.emit(root, end)
		c.put(instruction{op: opMatch})
		if *code = c.code; !c.ok {
			return nil
		}
	}
	return p
}

// collect assigns a bit to every set of n.
func (c *programCompiler) collect(n *regexNode) {
	if n.kind == nodeSet {
		n.set = n.set.Normal()
		if c.bitOf(n.set) == 0 {
			c.sets = append(c.sets, n.set)
		}
		c.ok = c.ok && len(c.sets) <= maxSets
	}
	for _, kid := range n.kids {
		if !c.ok {
			return
		}
		c.collect(kid)
	}
}

// bitOf returns the bit of a set, or 0 if it has none.
func (c *programCompiler) bitOf(s char.Set) uint32 {
	i := slices.IndexFunc(c.sets, func(t char.Set) bool { return slices.Equal(s, t) })
	if i < 0 {
		return 0
	}
	return 1 << i
}

// fill builds the table of classes. At most 256 classes are allowed.
func (c *programCompiler) fill() {
	all := make([]uint32, unicode.MaxRune+1) // the bits of the sets that contain the character
	for i, set := range c.sets {
		for _, r := range set {
			part := all[r.First : min(r.Last, unicode.MaxRune)+1]
			for k := range part {
				part[k] |= 1 << i
			}
		}
	}
	c.masks = []uint32{0}
	numbers := map[uint32]uint8{0: 0}
	t := &classTable{}
	seen := map[[256]uint8]uint16{}
	var block [256]uint8
	mask, class := uint32(0), uint8(0)
	for b := range t.index {
		for k, m := range all[b*256 : b*256+256] {
			if m != mask {
				mask, class = m, c.classOf(m, numbers)
			}
			block[k] = class
		}
		at, ok := seen[block]
		if !ok {
			at = uint16(len(t.blocks))
			seen[block] = at
			t.blocks = append(t.blocks, block)
		}
		t.index[b] = at
	}
	c.program.table = t
	copy(c.program.ascii[:utf8.RuneSelf], t.blocks[t.index[0]][:])
}

// classOf returns the class of the characters in exactly the sets of mask. It adds the class if it is new.
func (c *programCompiler) classOf(mask uint32, numbers map[uint32]uint8) uint8 {
	class, ok := numbers[mask]
	if !ok {
		if len(c.masks) > 255 {
			c.ok = false
			return 0
		}
		class = uint8(len(c.masks))
		numbers[mask] = class
		c.masks = append(c.masks, mask)
	}
	return class
}

// classesOf returns the classes of the characters in f.
func (c *programCompiler) classesOf(f firstSet) (in classes) {
	for class, mask := range c.masks {
		in[class] = f.has(mask)
	}
	return in
}

// classAt returns the class and the width of the character at text[i]. A byte that is not part of a character
// counts as U+FFFD.
func (p *Program) classAt(text string, i int) (class uint8, width int) {
	if c := text[i]; c < utf8.RuneSelf {
		return p.ascii[c], 1
	}
	r, w := utf8.DecodeRuneInString(text[i:])
	return p.table.blocks[p.table.index[r>>8]][r&0xff], w
}

// nextClass returns the class of the character at text[i], or 0 at the end of text.
func (p *Program) nextClass(text string, i int) uint8 {
	if i >= len(text) {
		return 0
	}
	class, _ := p.classAt(text, i)
	return class
}
