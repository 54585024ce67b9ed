package gguf

import (
	"encoding/binary"
	"io"
	"maps"
	"math"
	"os"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// File is an open GGUF file. Several goroutines may call its methods.
type File struct {
	name   string
	data   io.ReaderAt
	close  func() error
	header *header
}

// Open opens a GGUF file and checks its header: versions, keys, types and shapes, and that the tensors fill the data without overlap or
// hole. So a truncated file is an error.
func Open(path string) (_ *File, err error) {
	defer func() { err = errors.WithMessagef(err, "gguf: %s", path) }()
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	stat, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, errors.WithStack(err)
	}
	if !stat.Mode().IsRegular() {
		f.Close()
		return nil, errors.Errorf("not a regular file but %v", stat.Mode())
	}
	h, err := readHeader(f, stat.Size())
	if err != nil {
		f.Close()
		return nil, err
	}
	return &File{f.Name(), f, f.Close, h}, nil
}

// Close closes the file. Values that were read stay valid.
func (f *File) Close() error { return errors.Wrap(f.close(), "gguf: close") }

// Metadata returns the keys and values of the file. The map is a copy, the slices in it are not.
func (f *File) Metadata() map[string]any { return maps.Clone(f.header.metadata) }

// Names returns the names of the tensors in the order of the file.
func (f *File) Names() []string { return slices.Clone(f.header.names) }

// Info describes a tensor; ok is false if the file has no tensor of this name.
func (f *File) Info(name string) (info Info, ok bool) {
	info, ok = f.header.infos[name]
	info.Shape = slices.Clone(info.Shape)
	return info, ok
}

// Shape returns the shape of a tensor; ok is false if the file has no tensor of this name.
func (f *File) Shape(name string) (shape []int, ok bool) {
	info, ok := f.Info(name)
	return info.Shape, ok
}

// Blocks reads the bytes of a tensor as they are: rows of blocks, for F32 rows of little-endian numbers.
func (f *File) Blocks(name string) (_ []byte, err error) {
	defer func() { err = errors.WithMessagef(err, "gguf: %s: tensor %q", f.name, name) }()
	info, ok := f.header.infos[name]
	if !ok {
		return nil, errors.Errorf("not among the file's %d tensors", len(f.header.names))
	}
	b := kernel.LargeBytes(int(info.Bytes))
	_, err = io.ReadFull(io.NewSectionReader(f.data, info.offset, info.Bytes), b)
	return b, errors.Wrap(err, "read")
}

// Values reads the values of a tensor, row-major, as float32.
func (f *File) Values(name string) ([]float32, error) {
	if info, ok := f.header.infos[name]; ok && info.Type == F32 {
		return f.numbers(name, info)
	}
	b, err := f.Blocks(name)
	if err != nil {
		return nil, err
	}
	return f.header.infos[name].Type.decode(b), nil
}

// numbers reads a tensor of F32 part by part, so that its bytes need no memory of their own.
func (f *File) numbers(name string, info Info) (_ []float32, err error) {
	x, part := make([]float32, info.Bytes/4), make([]byte, min(info.Bytes, 1<<18))
	r := io.NewSectionReader(f.data, info.offset, info.Bytes)
	for left := x; len(left) > 0; {
		n := min(len(left), len(part)/4)
		if _, err := io.ReadFull(r, part[:4*n]); err != nil {
			return nil, errors.WithMessagef(errors.Wrap(err, "read"), "gguf: %s: tensor %q", f.name, name)
		}
		for i := range left[:n] {
			left[i] = math.Float32frombits(binary.LittleEndian.Uint32(part[4*i:]))
		}
		left = left[n:]
	}
	return x, nil
}

// decode returns the values of whole blocks.
func (t Type) decode(b []byte) []float32 {
	weights, bytes := t.Block()
	x := make([]float32, len(b)/bytes*weights)
	if q, ok := t.Quant(); ok {
		q.Dequantize(x, b)
		return x
	}
	_, _ = binary.Decode(b, binary.LittleEndian, x) // the lengths match
	return x
}

// encode returns the blocks of values. It is an error if a value is not finite and t has scales.
func (t Type) encode(x []float32) ([]byte, error) {
	weights, bytes := t.Block()
	b := make([]byte, len(x)/weights*bytes)
	q, ok := t.Quant()
	if !ok {
		_, err := binary.Encode(b, binary.LittleEndian, x)
		return b, errors.WithStack(err)
	}
	if q != kernel.F16 && q != kernel.BF16 {
		for i, v := range x {
			if v-v != 0 {
				return nil, errors.Errorf("value %d is %v, which %v cannot hold: want finite values", i, v, t)
			}
		}
	}
	q.Quantize(b, x)
	return b, nil
}
