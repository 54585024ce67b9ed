package data

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"strings"

	"github.com/pkg/errors"
)

// IDX is the content of an idx file of unsigned bytes, the format of the MNIST data: two zero bytes, the type, the number of dimensions,
// each dimension as a big-endian uint32, and the elements, the last dimension fastest (http://yann.lecun.com/exdb/mnist).
type IDX struct {
	Dims  []int
	Bytes []byte // as many as the product of Dims
}

// ReadIDX reads an idx file of unsigned bytes, also if gzip has packed it. It is an error if the file is of another format or type, or
// if it does not hold exactly the elements that its header announces. The memory grows with the elements that are read.
func ReadIDX(path string) (x IDX, err error) {
	defer func() { err = errors.WithMessagef(err, "data: idx file %s", path) }()
	f, err := os.Open(path)
	if err != nil {
		return x, errors.WithStack(cause(err))
	}
	defer f.Close()
	r, err := unpacked(f)
	if err != nil {
		return x, err
	}
	return parseIDX(r)
}

// cause returns the error without the path, which another message names.
func cause(err error) error {
	if p := (*os.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// unpacked returns a reader of f, or of its content if gzip has packed it.
func unpacked(f io.Reader) (io.Reader, error) {
	r := bufio.NewReaderSize(f, 1<<16)
	if head, _ := r.Peek(2); string(head) != "\x1f\x8b" {
		return r, nil
	}
	packed, err := gzip.NewReader(r)
	return packed, errors.WithStack(err)
}

func parseIDX(r io.Reader) (x IDX, err error) {
	var head [4]byte
	if n, err := io.ReadFull(r, head[:]); err != nil {
		return x, short(err, "it ends after %d bytes, want a header of at least 8", n)
	}
	if err := checkMagic(head); err != nil {
		return x, err
	}
	dims := make([]byte, 4*int(head[3]))
	if n, err := io.ReadFull(r, dims); err != nil {
		return x, short(err, "its header ends after %d bytes, want 4 and 4 for each of %d dimensions", 4+n, head[3])
	}
	total := 1
	for at := 0; at < len(dims); at += 4 {
		d := int64(binary.BigEndian.Uint32(dims[at:]))
		if x.Dims = append(x.Dims, int(d)); d < 1 || d > math.MaxInt32 || int64(total) > math.MaxInt32/d {
			return x, errors.Errorf("dimension %d is %d, want at least 1, and fewer than 2^31 elements in all", at/4+1, d)
		}
		total *= int(d)
	}
	x.Bytes, err = io.ReadAll(io.LimitReader(r, int64(total)+1))
	switch {
	case err != nil:
		return x, short(err, "it ends after %d of %d elements", len(x.Bytes), total)
	case len(x.Bytes) < total:
		return x, errors.Errorf("it ends after %d of the %d elements of its header (%s)", len(x.Bytes), total, shapeText(x.Dims))
	case len(x.Bytes) > total:
		return x, errors.Errorf("it holds more than the %d elements of its header (%s)", total, shapeText(x.Dims))
	}
	return x, nil
}

// short returns an error with the message if a file is too short, else err.
func short(err error, format string, args ...any) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.Errorf(format, args...)
	}
	return errors.WithStack(err)
}

// idxTypes names the types of elements by their byte in the header.
var idxTypes = map[byte]string{9: "int8", 11: "int16", 12: "int32", 13: "float32", 14: "float64"}

// checkMagic returns an error unless the first four bytes announce unsigned bytes of at least one dimension.
func checkMagic(m [4]byte) error {
	kind, other := idxTypes[m[2]]
	switch {
	case m[0] != 0 || m[1] != 0 || m[2] != 8 && !other:
		return errors.Errorf("it begins with % x, want 00 00 08 and the number of dimensions: it is no idx file", m[:])
	case other:
		return errors.Errorf("its elements are %s (type %02x), want unsigned bytes (type 08)", kind, m[2])
	case m[3] == 0:
		return errors.New("it has 0 dimensions, want at least 1")
	}
	return nil
}

// shapeText returns dimensions as 60000×28×28.
func shapeText(dims []int) string {
	var texts []string
	for _, d := range dims {
		texts = append(texts, fmt.Sprint(d))
	}
	return strings.Join(texts, "×")
}
