package tokenize

import (
	"encoding/binary"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// charsmap is sentencepiece's table of replacements (precompiled_charsmap). It consists of the length of a trie in bytes,
// the trie in the format of Darts-clone (units of four bytes, little endian), and the replacements, each ended by a zero
// byte. The value of a string in the trie is the offset of its replacement.
type charsmap struct {
	data  []byte   // the table as it was read
	units []uint32 // the double array
	texts string   // the replacements
	ascii [utf8.RuneSelf]bool
}

// parseCharsmap reads a charsmap. It keeps data.
func parseCharsmap(data []byte) (*charsmap, error) {
	if len(data) < 4 {
		return nil, errors.Errorf("charsmap: %d bytes: at least 4 are needed", len(data))
	}
	size := int64(binary.LittleEndian.Uint32(data))
	if size > int64(len(data)-4) || size%4 != 0 || size == 0 {
		return nil, errors.Errorf("charsmap: a trie of %d bytes in %d: a multiple of 4 that fits is needed", size, len(data))
	}
	c := &charsmap{data: data, units: make([]uint32, size/4), texts: string(data[4+size:])}
	if !utf8.ValidString(c.texts) {
		return nil, errors.New("charsmap: the replacements are not valid UTF-8")
	}
	for i := range c.units {
		c.units[i] = binary.LittleEndian.Uint32(data[4+4*i:])
	}
	for b := range c.ascii {
		_, _, c.ascii[b] = c.shortest(string(rune(b)))
	}
	return c, nil
}

// The fields of a unit of Darts-clone.
func dartsOffset(unit uint32) uint32 { return unit >> 10 << (unit & (1 << 9) >> 6) }
func dartsHasLeaf(unit uint32) bool  { return unit>>8&1 == 1 }
func dartsLabel(unit uint32) uint32  { return unit & (1<<31 | 0xff) }
func dartsValue(unit uint32) uint32  { return unit & (1<<31 - 1) }

// step follows b in the trie. value is the value of the string that ends there, or -1 if no string ends there.
func (c *charsmap) step(at uint32, b byte) (next uint32, value int64, ok bool) {
	at ^= uint32(b)
	if b == 0 || int64(at) >= int64(len(c.units)) || dartsLabel(c.units[at]) != uint32(b) {
		return 0, -1, false
	}
	next, value = at^dartsOffset(c.units[at]), -1
	if dartsHasLeaf(c.units[at]) && int64(next) < int64(len(c.units)) {
		value = int64(dartsValue(c.units[next]))
	}
	return next, value, true
}

// shortest returns the replacement of the shortest string of the table that is a prefix of s, and the length of this
// string.
func (c *charsmap) shortest(s string) (text string, length int, ok bool) {
	return c.find(s, true)
}

// longest returns the replacement of the longest string of the table that is a prefix of s, and the length of this
// string.
func (c *charsmap) longest(s string) (text string, length int, ok bool) {
	return c.find(s, false)
}

func (c *charsmap) find(s string, first bool) (text string, length int, ok bool) {
	at, best := dartsOffset(c.units[0]), int64(-1)
	for i := range len(s) {
		next, value, found := c.step(at, s[i])
		if !found {
			break
		}
		at = next
		if value < 0 {
			continue
		}
		best, length = value, i+1
		if first {
			break
		}
	}
	if best < 0 {
		return "", 0, false
	}
	return c.text(best), length, true
}

// text returns the replacement at an offset, or "" if the offset is invalid.
func (c *charsmap) text(at int64) string {
	if at >= int64(len(c.texts)) || !utf8.RuneStart(c.texts[at]) {
		return ""
	}
	rest := c.texts[at:]
	if n := strings.IndexByte(rest, 0); n >= 0 {
		return rest[:n]
	}
	return rest
}
