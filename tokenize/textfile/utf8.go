package textfile

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// utf8Reader reads UTF-8 and returns an error for an invalid byte.
type utf8Reader struct {
	in    io.Reader
	name  string
	utf16 string // encoding to suggest in errors; "" suggests other encodings
	at    int64  // offset of buf[lo] in the file
	buf   []byte
	lo    int // buf[lo:ok] has been checked and not returned
	ok    int
	hi    int // buf[ok:hi] has been read and not checked
	err   error
}

// Read implements io.Reader.
func (r *utf8Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.lo == r.ok {
		if r.err != nil {
			return 0, r.err
		}
		r.fill()
	}
	n := copy(p, r.buf[r.lo:r.ok])
	r.lo += n
	r.at += int64(n)
	return n, nil
}

// fill reads more and checks it. All bytes checked before have been returned.
func (r *utf8Reader) fill() {
	r.hi = copy(r.buf, r.buf[r.ok:r.hi])
	r.lo, r.ok = 0, 0
	n, err := r.in.Read(r.buf[r.hi:])
	r.hi += n
	b := r.buf[:r.hi]
	r.ok = validLen(b)
	shift, sure := shiftAt(b[:r.ok], err != nil || r.ok < r.hi)
	if shift >= 0 {
		r.ok = shift
	}
	switch {
	case sure:
		r.err = errors.Errorf("%s: %q at offset %d switches to another character set: it looks like ISO-2022, not UTF-8: name the encoding of the text, such as iso-2022-jp",
			r.name, b[shift:shift+3], r.at+int64(shift))
	case shift >= 0: // the next bytes decide
	case r.ok < r.hi && (utf8.FullRune(b[r.ok:]) || err != nil):
		r.err = r.invalid(b[r.ok], r.at+int64(r.ok))
		if err != nil && err != io.EOF {
			r.err = readError(r.name, err)
		}
	case err == io.EOF:
		r.err = io.EOF
	case err != nil:
		r.err = readError(r.name, err)
	}
}

// invalid returns the error for a byte that is not UTF-8.
func (r *utf8Reader) invalid(b byte, at int64) error {
	guess := r.utf16
	if guess == "" {
		guess = "cp949, shift_jis or latin1, for example"
	}
	return errors.Errorf("%s: byte 0x%02x at offset %d is not UTF-8: name the encoding of the text, %s", r.name, b, at, guess)
}

// validLen returns the length of the longest prefix of b that is valid UTF-8.
func validLen(b []byte) int {
	if utf8.Valid(b) {
		return len(b)
	}
	n := 0
	for n < len(b) {
		end := min(n+256, len(b))
		if utf8.Valid(b[n:end]) {
			n = end
			continue
		}
		for n < end {
			r, w := utf8.DecodeRune(b[n:])
			if r == utf8.RuneError && w <= 1 {
				return n
			}
			n += w
		}
	}
	return n
}

// shiftAt returns the index of the first escape sequence in b that switches to two-byte characters in an encoding of ISO-2022, or -1.
// All other bytes of such texts are ASCII, so UTF-8 would accept them. If b ends within a possible sequence and the text continues,
// shiftAt returns its index and sure is false.
func shiftAt(b []byte, end bool) (at int, sure bool) {
	for {
		i := bytes.IndexByte(b[at:], 0x1b)
		if i < 0 {
			return -1, false
		}
		switch at += i; {
		case at+1 < len(b) && b[at+1] != '$':
		case at+2 < len(b):
			if strings.IndexByte("@AB()*+", b[at+2]) >= 0 {
				return at, true
			}
		case !end:
			return at, false
		}
		at++
	}
}
