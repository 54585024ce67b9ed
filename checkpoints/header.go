package checkpoints

import (
	"cmp"
	"encoding/binary"
	"io"
	"math"
	"slices"
	"unicode/utf8"

	"github.com/pkg/errors"
)

const (
	prefixBytes = 8           // the header's length, little-endian
	maxHeader   = 100_000_000 // bytes; limit of the reference implementation
	maxAxes     = 64          // of one tensor; PyTorch's limit
	metadataKey = "__metadata__"
)

// Info describes a tensor of a file.
type Info struct {
	Dtype Dtype
	Shape []int // empty for a scalar
	Bytes int64 // in the file

	offset int64 // of the first byte, from the start of the file
}

// header is a parsed and checked header.
type header struct {
	metadata map[string]string
	names    []string // in the order of the data
	infos    map[string]Info
	size     int64 // of the file
}

// readHeader reads and checks the header of a file of size bytes. For a file of another kind, the error names the kind.
func readHeader(r io.ReaderAt, size int64) (*header, error) {
	h, err := readOwnHeader(r, size)
	if err != nil {
		if kind := foreignStart(r); kind != "" {
			return nil, errors.Errorf("not a safetensors file but %s", kind)
		}
	}
	return h, err
}

func readOwnHeader(r io.ReaderAt, size int64) (*header, error) {
	if size < prefixBytes {
		return nil, errors.Errorf("the file has %d bytes, a safetensors file at least %d", size, prefixBytes)
	}
	var prefix [prefixBytes]byte
	if _, err := r.ReadAt(prefix[:], 0); err != nil {
		return nil, errors.Wrap(err, "header length")
	}
	n := binary.LittleEndian.Uint64(prefix[:])
	if n > maxHeader {
		return nil, errors.Errorf("the header claims %d bytes, the limit is %d", n, maxHeader)
	}
	if n > uint64(size-prefixBytes) {
		return nil, errors.Errorf("the header claims %d bytes, the file has %d after its length", n, size-prefixBytes)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(r, prefixBytes, int64(n)), text); err != nil {
		return nil, errors.Wrap(err, "header")
	}
	if !utf8.Valid(text) {
		return nil, errors.New("the header is not valid UTF-8")
	}
	metadata, entries, err := parseHeader(text)
	if err != nil {
		return nil, err
	}
	return layOut(metadata, entries, prefixBytes+int64(n), size)
}

// layOut checks that the entries, in some order, fill the bytes from start to size exactly.
func layOut(metadata map[string]string, entries []entry, start, size int64) (*header, error) {
	slices.SortStableFunc(entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	h := &header{metadata: metadata, infos: make(map[string]Info, len(entries))}
	next, before := int64(0), ""
	for _, e := range entries {
		if err := e.check(next, size-start, before); err != nil {
			return nil, errors.WithMessagef(err, "tensor %.200q", e.name)
		}
		next, before = e.end, e.name
		h.names = append(h.names, e.name)
		h.infos[e.name] = Info{Dtype: e.dtype, Shape: e.shape, Bytes: e.end - e.begin, offset: start + e.begin}
	}
	if next != size-start {
		return nil, errors.Errorf("trailing bytes: the tensors end at %d, the data at %d", next, size-start)
	}
	return h, nil
}

// entry is a tensor of a header, not yet checked.
type entry struct {
	name       string
	dtype      Dtype
	shape      []int
	begin, end int64
}

// check returns an error unless the data of the entry begin at next, end within the file's data and have the size of its shape.
// before is the name of the tensor that ends at next.
func (e entry) check(next, data int64, before string) error {
	switch {
	case e.begin > e.end:
		return errors.Errorf("data_offsets begin at %d and end before it at %d", e.begin, e.end)
	case e.begin < next:
		return errors.Errorf("data_offsets begin at %d and overlap tensor %.200q, which ends at %d", e.begin, before, next)
	case e.begin > next:
		return errors.Errorf("data_offsets begin at %d and leave a hole after %d", e.begin, next)
	case e.end > data:
		return errors.Errorf("data_offsets end at %d, the file has %d bytes of data: it is truncated", e.end, data)
	}
	need, err := byteSize(e.dtype, e.shape)
	if err != nil {
		return err
	}
	if need != e.end-e.begin {
		return errors.Errorf("shape %v of %s needs %d bytes, data_offsets hold %d", e.shape, e.dtype, need, e.end-e.begin)
	}
	return nil
}

// byteSize returns the number of bytes of a shape. It is an error if the dtype is unknown or the product overflows.
func byteSize(d Dtype, shape []int) (int64, error) {
	f, ok := formats[d]
	if !ok {
		return 0, errors.Errorf("dtype %.40q is unknown here", d)
	}
	n := f.size
	for _, axis := range shape {
		if axis > 0 && n > math.MaxInt/int64(axis) {
			return 0, errors.Errorf("shape %v of %s overflows %d bytes", shape, d, math.MaxInt)
		}
		n *= int64(axis)
	}
	return n, nil
}
