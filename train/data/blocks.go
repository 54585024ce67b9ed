package data

import (
	"bytes"
	"io"
	"unicode"
	"unicode/utf8"
)

// blocks cuts a stream of text into blocks of fewer than len(buf) bytes. The last byte of buf shows whether the text continues.
type blocks struct {
	r    io.Reader
	buf  []byte
	kept int // number of bytes in buf after the last block
	last int // length of the last block
	end  bool
}

// next returns the next block, valid until the next call, and io.EOF after the last.
func (b *blocks) next() ([]byte, error) {
	copy(b.buf, b.buf[b.last:b.last+b.kept])
	n := b.kept
	if !b.end {
		m, err := io.ReadFull(b.r, b.buf[n:])
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF: // textfile returns another error for a truncated file
			b.end = true
		default:
			return nil, err
		}
		n += m
	}
	if n == 0 {
		return nil, io.EOF
	}
	b.last = n
	if !b.end {
		b.last = cutPoint(b.buf[:n])
	}
	b.kept = n - b.last
	return b.buf[:b.last], nil
}

// cutPoint returns the length at which to cut a block that is not the last. It is less than len(b). Splitting into words must find
// the same words on both sides, so the best cut follows a line end with no other white space around it. The next best follows any
// line end, then the end of a rune.
func cutPoint(b []byte) int {
	for i := len(b) - 1; i > 1; i-- {
		if i = bytes.LastIndexByte(b[:i], '\n') + 1; i < 2 {
			break
		}
		before, _ := utf8.DecodeLastRune(b[:i-1])
		after, _ := utf8.DecodeRune(b[i:])
		if !unicode.IsSpace(before) && !unicode.IsSpace(after) && after != utf8.RuneError {
			return i
		}
	}
	last := len(b) - 1
	if i := bytes.LastIndexByte(b[:last], '\n'); i >= 0 {
		return i + 1
	}
	for i := last; i > 0 && i > last-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			return i
		}
	}
	return last
}
