// Package textline reads files line by line in bounded memory.
package textline

import (
	"bufio"

	"github.com/pkg/errors"
)

// Most is the largest number of bytes of a line, its end included.
const Most = 16 << 20

// Next returns the next line with its "\n", and its length. If a line has more than Most bytes, text is only its beginning, but the next
// call returns the line after it. A last line without "\n" comes with the error io.EOF.
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
