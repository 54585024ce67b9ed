// Package textline reads files line by line in bounded memory.
package textline

import (
	"bufio"

	"github.com/pkg/errors"
)

// Most is the largest number of bytes of a line, its end included.
const Most = 16 << 20

// Next returns the next line with its "\n". At the end of the file it returns io.EOF with what is left, a line without an end. Of a line
// of more than Most bytes it returns the beginning and the line's length; the next call returns the line after it.
func Next(r *bufio.Reader) (text []byte, length int64, err error) {
	for {
		part, err := r.ReadSlice('\n')
		length += int64(len(part))
		text = append(text, part[:min(len(part), Most-len(text))]...)
		if err != bufio.ErrBufferFull {
			return text, length, err
		}
	}
}

// Check returns an error for a line of more than Most bytes.
func Check(length int64) error {
	if length > Most {
		return errors.Errorf("it has %d bytes, want at most %d", length, Most)
	}
	return nil
}
