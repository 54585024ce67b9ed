package textfile

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"
)

// headSize is how many bytes at the start of a file decide what it is.
const headSize = 512

// Reader reads a file of text. It yields valid UTF-8 without a byte order mark.
type Reader struct {
	io.Reader
	file *os.File
}

// Close closes the file.
func (r *Reader) Close() error { return r.file.Close() }

// Open opens a file of text in the encoding e. A file that is not text, as far as its first bytes tell, is an error that names
// what it is.
func Open(path string, e Encoding) (*Reader, error) {
	if info, err := os.Stat(path); err != nil {
		return nil, fileError(path, err)
	} else if err := regular(path, info); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fileError(path, err)
	}
	r, err := unpack(f, path)
	if err == nil {
		r, err = NewReader(r, path, e)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return &Reader{r, f}, nil
}

// NewReader returns a reader of the text of r, which is in the encoding e. The name is that of errors, such as "standard input".
func NewReader(r io.Reader, name string, e Encoding) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	head, err := in.Peek(headSize)
	if err != nil && err != io.EOF {
		return nil, readError(name, err)
	}
	marked, mark := markOf(head)
	if mark > 0 {
		_, _ = in.Discard(mark) // these bytes have been peeked
		e = marked
	} else if kind := Kind(head); kind != "" && kind != kindHTML {
		return nil, errors.Errorf("%s: it is %s, not text", name, kind)
	}
	if e.name == "" {
		if err := checkZeros(name, head, mark); err != nil {
			return nil, err
		}
		return &utf8Reader{in: in, name: name, at: int64(mark), buf: make([]byte, 1<<16), utf16: guessUTF16(head)}, nil
	}
	if e.needsMark() {
		return nil, errors.Errorf("%s: %s without a byte order mark: name the encoding %sle or %sbe", name, e.name, e.name, e.name)
	}
	return newDecoder(in, name, e, int64(mark)), nil
}

// unpack returns a reader of what a file named .gz holds, and of any other file itself.
func unpack(f *os.File, path string) (io.Reader, error) {
	if !strings.HasSuffix(strings.ToLower(path), ".gz") {
		return f, nil
	}
	z, err := gzip.NewReader(bufio.NewReader(f))
	if err == io.EOF {
		return nil, errors.Errorf("%s: empty, want a gzip file", path)
	}
	if err != nil {
		return nil, readError(path, err)
	}
	return z, nil
}

// readError names the file that cannot be read. It never equals io.ErrUnexpectedEOF, which io.ReadFull has a meaning for.
func readError(name string, err error) error {
	if err == io.ErrUnexpectedEOF {
		return errors.Errorf("%s: the gzip file is cut short", name)
	}
	return fileError(name, err)
}

// checkZeros refuses text without a mark that has a zero in every fourth byte or more, as UTF-16 and UTF-32 do.
func checkZeros(name string, head []byte, mark int) error {
	n := bytes.Count(head[mark:], []byte{0})
	if n == 0 || 4*n < len(head)-mark {
		return nil
	}
	remedy := "it is not text"
	if guess := guessUTF32(head); guess != "" {
		remedy = "it looks like UTF-32: name the encoding " + guess
	} else if guess := guessUTF16(head); guess != "" {
		remedy = "it looks like UTF-16: name the encoding " + guess
	}
	return errors.Errorf("%s: %d of the first %d bytes are 0, the first at offset %d: %s", name, n, len(head)-mark, bytes.IndexByte(head[mark:], 0)+mark, remedy)
}

// guessUTF16 returns utf-16le or utf-16be if zeros in head are at odd or at even offsets only, and otherwise "".
func guessUTF16(head []byte) string {
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	switch {
	case zeros[0] == 0 && zeros[1] > 0:
		return "utf-16le"
	case zeros[1] == 0 && zeros[0] > 0:
		return "utf-16be"
	}
	return ""
}

// guessUTF32 returns utf-32le or utf-32be if every group of four bytes in head is a character of Unicode, and otherwise "".
func guessUTF32(head []byte) string {
	le, be := len(head) >= 4, len(head) >= 4
	for ; len(head) >= 4; head = head[4:] {
		le = le && utf8.ValidRune(rune(binary.LittleEndian.Uint32(head)))
		be = be && utf8.ValidRune(rune(binary.BigEndian.Uint32(head)))
	}
	switch {
	case le:
		return "utf-32le"
	case be:
		return "utf-32be"
	}
	return ""
}
