package gguf

import (
	"encoding/binary"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// Tensor is a tensor to write.
type Tensor struct {
	Name   string
	Type   Type
	Shape  []int                     // row-major
	Values func() ([]float32, error) // is called once, when the tensor is written, so that a model need not fit in memory twice
}

// Write writes a GGUF file of version 3, atomically like [checkpoints.WriteFile]. The keys are sorted, general.architecture first, so that the
// bytes depend only on the arguments. Values are rounded to the types of the tensors as libggml does. It is an error if a name is
// given twice or is too long, if a shape does not fit its type, or if a value is infinite or NaN and its type has scales.
func Write(path string, metadata map[string]any, tensors []Tensor) error {
	text, align, err := headerBytes(metadata, tensors)
	if err != nil {
		return errors.WithMessagef(err, "gguf: %s", path)
	}
	return checkpoints.WriteFile(path, func(w io.Writer) error { return writeAll(w, text, tensors, align) })
}

// writeAll writes the header and the data.
func writeAll(w io.Writer, header []byte, tensors []Tensor, align int64) error {
	if _, err := w.Write(header); err != nil {
		return errors.Wrap(err, "write")
	}
	for _, t := range tensors {
		if err := t.write(w, align); err != nil {
			return errors.WithMessagef(err, "tensor %q", t.Name)
		}
	}
	return nil
}

// write writes the data of a tensor, padded to the alignment.
func (t Tensor) write(w io.Writer, align int64) error {
	x, err := t.Values()
	if err != nil {
		return err
	}
	if want := elements(t.Shape); len(x) != want {
		return errors.Errorf("%d values, shape %v has %d", len(x), t.Shape, want)
	}
	b, err := t.Type.encode(x)
	if err != nil {
		return err
	}
	_, err = w.Write(pad(b, align))
	return errors.Wrap(err, "write")
}

func elements(shape []int) int {
	n := 1
	for _, axis := range shape {
		n *= axis
	}
	return n
}

// pad appends zeros up to a multiple of the alignment.
func pad(b []byte, align int64) []byte {
	return append(b, make([]byte, aligned(int64(len(b)), align)-int64(len(b)))...)
}

// headerBytes returns the header, padded to the alignment of the data.
func headerBytes(metadata map[string]any, tensors []Tensor) ([]byte, int64, error) {
	align, err := alignmentOf(metadata)
	if err != nil {
		return nil, 0, err
	}
	b := binary.LittleEndian.AppendUint32([]byte(magic), version)
	b = binary.LittleEndian.AppendUint64(b, uint64(len(tensors)))
	b = binary.LittleEndian.AppendUint64(b, uint64(len(metadata)))
	for _, key := range sortedKeys(metadata) {
		if key == "" || len(key) > maxKey || !utf8.ValidString(key) {
			return nil, 0, errors.Errorf("key %.100q: want text of 1 to %d bytes", key, maxKey)
		}
		if b, err = appendValue(appendText(b, key), metadata[key]); err != nil {
			return nil, 0, errors.WithMessagef(err, "key %q", key)
		}
	}
	seen, offset := map[string]bool{}, int64(0)
	for _, t := range tensors {
		size, err := t.check(seen)
		if err != nil {
			return nil, 0, errors.WithMessagef(err, "tensor %q", t.Name)
		}
		b = t.appendInfo(b, offset)
		offset += aligned(size, align)
	}
	return pad(b, align), align, nil
}

// sortedKeys returns the keys in the order of the file: the architecture, general keys, and the others.
func sortedKeys(metadata map[string]any) []string {
	rank := func(key string) int {
		switch {
		case key == "general.architecture":
			return 0
		case strings.HasPrefix(key, "general."):
			return 1
		case strings.HasPrefix(key, "tokenizer."):
			return 3
		}
		return 2
	}
	keys := slices.Sorted(maps.Keys(metadata))
	slices.SortStableFunc(keys, func(a, b string) int { return rank(a) - rank(b) })
	return keys
}

// check returns the size of a tensor, or an error if it cannot be written. It adds the name to seen.
func (t Tensor) check(seen map[string]bool) (int64, error) {
	switch {
	case t.Name == "" || len(t.Name) > maxName || !utf8.ValidString(t.Name):
		return 0, errors.Errorf("the name has %d bytes, want text of 1 to %d", len(t.Name), maxName)
	case seen[t.Name]:
		return 0, errors.New("the name is given twice")
	case len(t.Shape) > maxAxes:
		return 0, errors.Errorf("%d axes, the limit is %d", len(t.Shape), maxAxes)
	case t.Values == nil:
		return 0, errors.New("no values: set Values")
	}
	seen[t.Name] = true
	return byteSize(t.Type, t.Shape)
}

func (t Tensor) appendInfo(b []byte, offset int64) []byte {
	b = binary.LittleEndian.AppendUint32(appendText(b, t.Name), uint32(len(t.Shape)))
	for _, axis := range slices.Backward(t.Shape) {
		b = binary.LittleEndian.AppendUint64(b, uint64(axis))
	}
	return binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint32(b, uint32(t.Type)), uint64(offset))
}
