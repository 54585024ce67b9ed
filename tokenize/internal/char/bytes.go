package char

import "unicode/utf8"

// ByteRunes maps a byte to the printable character that spells it in GPT-2's files, so that a token of arbitrary bytes is
// a JSON string. Printable Latin-1 spells itself; the 68 other bytes are U+0100 and up, in order (Radford et al. 2019,
// encoder.py, bytes_to_unicode).
var ByteRunes = func() (t [256]rune) {
	next := rune(256)
	for b := range t {
		switch {
		case '!' <= b && b <= '~', 0xa1 <= b && b <= 0xac, 0xae <= b:
			t[b] = rune(b)
		default:
			t[b] = next
			next++
		}
	}
	return t
}()

// RuneBytes is the inverse of ByteRunes: byte+1 by rune, 0 for a rune that spells no byte.
var RuneBytes = func() (t [324]uint16) {
	for b, r := range ByteRunes {
		t[r] = uint16(b) + 1
	}
	return t
}()

// ReadBytes appends the bytes that token spells to dst. If a character spells no byte, it returns dst unchanged and
// false.
func ReadBytes(dst []byte, token string) ([]byte, bool) {
	n := len(dst)
	for _, r := range token {
		if int(r) >= len(RuneBytes) || RuneBytes[r] == 0 {
			return dst[:n], false
		}
		dst = append(dst, byte(RuneBytes[r]-1))
	}
	return dst, true
}

// ByteAlphabet returns all 256 bytes in the order of their spelling, as GPT-2 lists them.
func ByteAlphabet() []byte {
	order := make([]byte, 0, 256)
	for r := range RuneBytes {
		if RuneBytes[r] != 0 {
			order = append(order, byte(RuneBytes[r]-1))
		}
	}
	return order
}

// SpellBytes returns the spelling of raw.
func SpellBytes(raw string) string {
	b := make([]byte, 0, 2*len(raw))
	for i := range len(raw) {
		b = utf8.AppendRune(b, ByteRunes[raw[i]])
	}
	return string(b)
}
