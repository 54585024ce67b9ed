package textfile

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/klauspost/compress/zstd"
	"github.com/pkg/errors"
)

// headSize is the number of bytes at the start of a file that decide its kind.
const headSize = 512

// Reader reads a file from Open or Unpack.
type Reader struct {
	io.Reader
	file  *os.File
	close func() error
}

// Close closes the file.
func (r *Reader) Close() error { return r.close() }

// Offset returns the number of bytes of the file, as it is stored, that have been read.
func (r *Reader) Offset() int64 {
	n, err := r.file.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0
	}
	return n
}

// Open opens a text file in the encoding e. The Reader returns valid UTF-8 without a byte order mark. If its first bytes show that it is
// not text, the error names its kind.
func Open(path string, e Encoding) (*Reader, error) {
	packed, err := Unpack(path)
	if err != nil {
		return nil, err
	}
	r, err := NewReader(packed, path, e)
	if err != nil {
		packed.Close()
		return nil, err
	}
	return &Reader{r, packed.file, packed.close}, nil
}

// Unpack opens a file and unpacks .gz and .zst. The Reader returns its bytes, which may be of any encoding.
func Unpack(path string) (*Reader, error) {
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
	if err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// NewReader returns a reader of the text of r, which is in the encoding e. Errors begin with name, such as "standard input".
func NewReader(r io.Reader, name string, e Encoding) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 1<<16)
	head, err := in.Peek(headSize)
	if err != nil && err != io.EOF {
		return nil, readError(name, err)
	}
	marked, mark := markOf(head)
	if mark > 0 {
		if !e.agrees(marked) {
			return nil, errors.Errorf("%s: the byte order mark is that of %v, but the encoding is %v: name the encoding %v, or convert the file", name, marked, e, marked)
		}
		_, _ = in.Discard(mark) // cannot fail: Peek has buffered these bytes
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
	if mark == 0 && mostlyZeros(head) && guessUTF16(head) == e.swapped() {
		return nil, errors.Errorf("%s: the zeros among the first %d bytes are those of %s, but the encoding is %v: name the encoding %s", name, len(head), e.swapped(), e, e.swapped())
	}
	return newDecoder(in, name, e, int64(mark)), nil
}

// zstdWindow bounds the memory of a .zst file. It is the largest window that the program zstd unpacks without being asked.
const zstdWindow = 128 << 20

// unpack returns a reader of the unpacked contents of a .gz or .zst file. For any other file it returns the file.
func unpack(f *os.File, path string) (*Reader, error) {
	name := strings.ToLower(path)
	switch {
	case strings.HasSuffix(name, ".gz"):
		z, err := newMembers(f)
		if err == io.EOF {
			return nil, errors.Errorf("%s: empty, want a gzip file", path)
		}
		if err != nil {
			return nil, readError(path, err)
		}
		return &Reader{named{z, path}, f, f.Close}, nil
	case strings.HasSuffix(name, ".zst"):
		if info, err := f.Stat(); err == nil && info.Size() == 0 {
			return nil, errors.Errorf("%s: empty, want a Zstandard file", path)
		}
		z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
		if err != nil {
			return nil, readError(path, err)
		}
		return &Reader{named{z, path}, f, func() error { z.Close(); return f.Close() }}, nil
	}
	return &Reader{f, f, f.Close}, nil
}

// named adds the name of a packed file to errors.
type named struct {
	io.Reader
	name string
}

// Read implements io.Reader.
func (r named) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = readError(r.name, err)
	}
	return n, err
}

// readError adds the name of the file, unless err has it. It never returns io.ErrUnexpectedEOF, which callers of io.ReadFull would mistake
// for the end of the file.
func readError(name string, err error) error {
	switch {
	case err == io.ErrUnexpectedEOF && strings.HasSuffix(strings.ToLower(name), ".zst"):
		return errors.Errorf("%s: the Zstandard file is cut short", name)
	case errors.Is(err, zstd.ErrMagicMismatch):
		return errors.Errorf("%s: no Zstandard file, or one with other bytes after its end", name)
	case err == io.ErrUnexpectedEOF:
		return errors.Errorf("%s: the gzip file is cut short", name)
	case strings.HasPrefix(err.Error(), name+": "):
		return err
	}
	return fileError(name, err)
}

// checkZeros returns an error if at least a quarter of the bytes after the mark are zeros, as in UTF-16 and UTF-32.
func checkZeros(name string, head []byte, mark int) error {
	if !mostlyZeros(head[mark:]) {
		return nil
	}
	n := bytes.Count(head[mark:], []byte{0})
	remedy := "it is not text"
	if guess := guessUTF32(head); guess != "" {
		remedy = "it looks like UTF-32: name the encoding " + guess
	} else if guess := guessUTF16(head); guess != "" {
		remedy = "it looks like UTF-16: name the encoding " + guess
	}
	return errors.Errorf("%s: %d of the first %d bytes are 0, the first at offset %d: %s", name, n, len(head)-mark, bytes.IndexByte(head[mark:], 0)+mark, remedy)
}

// mostlyZeros reports whether at least a quarter of the bytes of b are zeros.
func mostlyZeros(b []byte) bool {
	n := bytes.Count(b, []byte{0})
	return n > 0 && 4*n >= len(b)
}

// guessUTF16 returns utf-16le if all zeros in head are at odd offsets, utf-16be if all are at even offsets, and otherwise "".
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

// guessUTF32 returns utf-32le or utf-32be if every four bytes of head are a character in this encoding, and otherwise "".
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
