package checkpoints

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"encoding/json"
	"io"
	"iter"
	"slices"
	"unicode/utf8"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Tensors is a sequence of names and tensors, such as graph.Params.All() or maps.All(m).
type Tensors = iter.Seq2[string, *tensor.Dense]

// Write writes a safetensors file, atomically like [WriteFile]. metadata may be nil; other programs expect {"format": "pt"} for
// weights.
//
// The bytes depend only on the arguments. Tensors with larger elements come first, so that every tensor is aligned, as in the
// reference implementation. Elements of equal size keep the order of tensors (the reference sorts by name). Views and transposes are
// written in their logical order. It is an error if the format lacks an element type, if a tensor is masked, or if a name
// repeats, is reserved or is not UTF-8.
func Write(path string, tensors Tensors, metadata map[string]string) error {
	list, err := collect(tensors)
	if err != nil {
		return errors.WithMessagef(err, "checkpoints: %s", path)
	}
	return WriteFile(path, func(w io.Writer) error { return encode(w, list, metadata) })
}

// item is a tensor to write.
type item struct {
	name  string
	dtype Dtype
	bytes int64
	t     *tensor.Dense
}

// collect checks the tensors and returns them in the order of the file.
func collect(tensors Tensors) ([]item, error) {
	if err := littleEndian(); err != nil {
		return nil, err
	}
	var list []item
	seen := map[string]bool{}
	for name, t := range tensors {
		it, err := newItem(name, t)
		if err == nil && seen[name] {
			err = errors.New("the name is given twice")
		}
		if err != nil {
			return nil, errors.WithMessagef(err, "tensor %.200q", name)
		}
		seen[name] = true
		list = append(list, it)
	}
	slices.SortStableFunc(list, func(a, b item) int {
		return cmp.Compare(formats[b.dtype].size, formats[a.dtype].size)
	})
	return list, nil
}

func newItem(name string, t *tensor.Dense) (item, error) {
	switch {
	case name == metadataKey:
		return item{}, errors.New("the name is reserved by the format")
	case !utf8.ValidString(name):
		return item{}, errors.New("the name is not valid UTF-8")
	case t == nil:
		return item{}, errors.New("the tensor is nil")
	case masked(t):
		return item{}, errors.New("the tensor is masked, which the format cannot hold")
	case len(t.Shape()) > maxAxes:
		return item{}, errors.Errorf("%d axes, the limit is %d", len(t.Shape()), maxAxes)
	}
	d, ok := dtypeOf(t.Dtype())
	if !ok {
		return item{}, errors.Errorf("the format has no element type for %v", t.Dtype())
	}
	n, err := byteSize(d, t.Shape())
	return item{name: name, dtype: d, bytes: n, t: t}, err
}

// encode writes a whole safetensors file.
func encode(w io.Writer, list []item, metadata map[string]string) error {
	text, err := headerText(list, metadata)
	if err != nil {
		return err
	}
	if err := binary.Write(w, binary.LittleEndian, uint64(len(text))); err != nil {
		return errors.Wrap(err, "write")
	}
	if _, err := w.Write(text); err != nil {
		return errors.Wrap(err, "write")
	}
	for _, it := range list {
		raw, err := rowMajor(it.t)
		if err != nil {
			return errors.WithMessagef(err, "tensor %q", it.name)
		}
		if _, err := w.Write(raw[:it.bytes]); err != nil {
			return errors.Wrapf(err, "tensor %q", it.name)
		}
	}
	return nil
}

// rowMajor returns the tensor's memory if it is row-major, or else the memory of a row-major copy.
func rowMajor(t *tensor.Dense) ([]byte, error) {
	if packed(t) {
		return t.Raw, nil
	}
	if t.DataOrder().IsColMajor() {
		return nil, errors.New("the tensor is stored column by column: transpose it first")
	}
	c, ok := t.Materialize().(*tensor.Dense)
	if !ok || !packed(c) {
		return nil, errors.New("the view cannot be copied: materialize it first")
	}
	return c.Raw, nil
}

// headerText returns the JSON of a header, padded with spaces so that the data begin at a multiple of 8 bytes.
func headerText(list []item, metadata map[string]string) ([]byte, error) {
	b := []byte("{")
	if len(metadata) > 0 {
		text, err := compactJSON(metadata)
		if err != nil {
			return nil, err
		}
		b = append(append(append(b, `"`+metadataKey+`":`...), text...), ',')
	}
	var offset int64
	for _, it := range list {
		name, err := compactJSON(it.name)
		if err != nil {
			return nil, err
		}
		info, err := compactJSON(storedInfo{it.dtype, append([]int{}, it.t.Shape()...), [2]int64{offset, offset + it.bytes}})
		if err != nil {
			return nil, err
		}
		b = append(append(append(append(b, name...), ':'), info...), ',')
		offset += it.bytes
	}
	b = append(bytes.TrimSuffix(b, []byte(",")), '}')
	for len(b)%8 != 0 {
		b = append(b, ' ')
	}
	if len(b) > maxHeader {
		return nil, errors.Errorf("the header has %d bytes, the limit is %d", len(b), maxHeader)
	}
	return b, nil
}

// storedInfo is a tensor's entry in a header.
type storedInfo struct {
	Dtype   Dtype    `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
}

// compactJSON returns v on one line. It does not escape <, > and &.
func compactJSON(v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, errors.Wrap(err, "header")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
