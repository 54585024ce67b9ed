package gguf

import (
	"cmp"
	"math"
	"slices"

	"github.com/pkg/errors"
)

// layOut checks that the tensors have valid types and shapes and fill the data, which begin at the first aligned byte from headerEnd on,
// without overlap or hole.
func (h *header) layOut(list []entry, headerEnd, size int64) error {
	align, err := alignmentOf(h.metadata)
	if err != nil {
		return err
	}
	start := aligned(headerEnd, align)
	if len(list) > 0 && start > size {
		return errors.Errorf("the data begin at byte %d, the file has %d bytes: it is truncated", start, size)
	}
	for _, e := range list {
		h.names = append(h.names, e.name)
	}
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.offset, b.offset) })
	next, before := int64(0), ""
	for _, e := range list {
		if err := e.place(next, align, size-start, before); err != nil {
			return errors.WithMessagef(err, "tensor %q", e.name)
		}
		e.info.offset = start + int64(e.offset)
		h.infos[e.name] = e.info
		next, before = int64(e.offset)+e.info.Bytes, e.name
	}
	if trailing := size - max(start, headerEnd) - next; len(list) > 0 && trailing >= align {
		return errors.Errorf("the tensors end at byte %d, the file has %d bytes: %d bytes too many", start+next, size, trailing)
	}
	return nil
}

// alignmentOf returns the alignment of the data.
func alignmentOf(metadata map[string]any) (int64, error) {
	v, ok := metadata[alignmentKey]
	if !ok {
		return alignment, nil
	}
	n, ok := v.(uint32)
	if !ok || n < 8 || n&(n-1) != 0 || n > 1<<24 {
		return 0, errors.Errorf("%s is %v (%T), want a uint32 that is a power of 2 from 8 to %d", alignmentKey, v, v, 1<<24)
	}
	return int64(n), nil
}

// aligned returns the first multiple of align from n on.
func aligned(n, align int64) int64 { return (n + align - 1) / align * align }

// place computes the size of a tensor and checks that it begins at the first aligned byte from next on and ends within the data. before is
// the tensor that ends at next.
func (e *entry) place(next, align, data int64, before string) (err error) {
	if e.info.Bytes, err = byteSize(e.info.Type, e.info.Shape); err != nil {
		return err
	}
	switch at := e.offset; {
	case at%uint64(align) != 0:
		return errors.Errorf("offset %d is not a multiple of the alignment %d", at, align)
	case at < uint64(next):
		return errors.Errorf("offset %d overlaps tensor %q, which ends at %d", at, before, next)
	case at > uint64(aligned(next, align)):
		return errors.Errorf("offset %d leaves a hole after %d", at, next)
	case at > uint64(data) || e.info.Bytes > data-int64(at):
		return errors.Errorf("the data from %d to %d exceed the %d bytes of the file's data: it is truncated", at, at+uint64(e.info.Bytes), max(data, 0))
	}
	return nil
}

// byteSize returns the number of bytes of a shape. It is an error if the type is unknown, rows are no whole number of blocks, or the
// product overflows.
func byteSize(t Type, shape []int) (int64, error) {
	f, ok := formats[t]
	if !ok {
		return 0, errors.Errorf("%v is not supported, want one of %s", t, TypeNames())
	}
	n := int64(1)
	for _, axis := range shape {
		if axis < 1 {
			return 0, errors.Errorf("shape %v has an axis of %d, want at least 1", shape, axis)
		}
		if n > math.MaxInt32<<16/int64(axis) {
			return 0, errors.Errorf("shape %v of %v has more than %d elements", shape, t, int64(math.MaxInt32)<<16)
		}
		n *= int64(axis)
	}
	if row := rowOf(shape); row%f.weights != 0 {
		return 0, errors.Errorf("rows of %d elements are not a multiple of the %d in a block of %v", row, f.weights, t)
	}
	return n / f.weights * f.bytes, nil
}

// rowOf returns the length of a row.
func rowOf(shape []int) int64 {
	if len(shape) == 0 {
		return 1
	}
	return int64(shape[len(shape)-1])
}
