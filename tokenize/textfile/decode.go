package textfile

import (
	"bytes"
	"io"

	"github.com/pkg/errors"
	"golang.org/x/text/transform"
)

// decoder converts text of another encoding to UTF-8 and returns an error for bytes that are invalid in the encoding. The decoders of
// golang.org/x/text write U+FFFD for invalid bytes. A second decoder in the same state then finds the offset, character by character.
type decoder struct {
	in     io.Reader
	name   string
	e      Encoding
	first  transform.Transformer
	second transform.Transformer
	own    []byte // U+FFFD in the encoding, if it has one
	at     int64  // offset of src[0] in the file
	src    []byte // src[:n] has been read and not decoded
	n      int
	dst    []byte
	lo, hi int // dst[lo:hi] has been decoded and not returned
	spare  []byte
	end    bool
	err    error
}

const replacement = "\uFFFD"

func newDecoder(in io.Reader, name string, e Encoding, at int64) *decoder {
	d := &decoder{in: in, name: name, e: e, at: at, first: e.enc.NewDecoder(), second: e.enc.NewDecoder(),
		src: make([]byte, 1<<15), dst: make([]byte, 1<<17), spare: make([]byte, 1<<17)}
	if own, err := e.enc.NewEncoder().Bytes([]byte(replacement)); err == nil {
		d.own = own
	}
	return d
}

// Read implements io.Reader.
func (d *decoder) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for d.lo == d.hi {
		if d.err != nil {
			return 0, d.err
		}
		d.fill()
	}
	n := copy(p, d.dst[d.lo:d.hi])
	d.lo += n
	return n, nil
}

// fill reads and decodes more.
func (d *decoder) fill() {
	d.lo, d.hi = 0, 0
	if !d.end && d.n < len(d.src) {
		n, err := d.in.Read(d.src[d.n:])
		d.n += n
		if err != nil && err != io.EOF {
			d.err = readError(d.name, err)
			return
		}
		d.end = err == io.EOF
	}
	written, read, err := d.first.Transform(d.dst, d.src[:d.n], d.end)
	bad := d.follow(read, bytes.Contains(d.dst[:written], []byte(replacement)))
	switch {
	case bad >= 0:
		d.err = errors.Errorf("%s: byte 0x%02x at offset %d is not %s: name another encoding", d.name, d.src[bad], d.at+int64(bad), d.e.name)
		return
	case err == transform.ErrShortSrc && d.end && read == 0:
		d.err = errors.Errorf("%s: byte 0x%02x at offset %d: the last character is cut short in %s", d.name, d.src[0], d.at, d.e.name)
		return
	case err != nil && err != transform.ErrShortSrc && err != transform.ErrShortDst:
		d.err = fileError(d.name, err)
		return
	}
	d.hi = written
	d.at += int64(read)
	d.n = copy(d.src, d.src[read:d.n])
	if d.end && d.n == 0 {
		d.err = io.EOF
	}
}

// follow advances the second decoder by the first read bytes of src. If careful is set, it returns the index of the first invalid byte,
// or -1 if all are valid. Otherwise it returns -1.
func (d *decoder) follow(read int, careful bool) int {
	if !careful {
		_, _, _ = d.second.Transform(d.spare, d.src[:read], d.end && read == d.n) // the first decoder has returned any error
		return -1
	}
	for at := 0; at < read; {
		written, n := d.character(at)
		if n == 0 {
			return at // impossible: the first decoder has read further
		}
		if bytes.Contains(d.spare[:written], []byte(replacement)) && !bytes.Equal(d.src[at:at+n], d.own) {
			return at
		}
		at += n
	}
	return -1
}

// character decodes the character at src[at]. It returns the numbers of bytes written and read.
func (d *decoder) character(at int) (written, read int) {
	for end := at + 1; end <= d.n; end++ {
		written, read, _ = d.second.Transform(d.spare, d.src[at:end], d.end && end == d.n)
		if read > 0 {
			return written, read
		}
	}
	return 0, 0
}
