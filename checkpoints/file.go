package checkpoints

import (
	"encoding/binary"
	"io"
	"maps"
	"os"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints/internal/mapping"
)

// File is an open safetensors file. [Open] reads and checks the header. [File.Tensor] and [File.ReadInto] read the data of a
// tensor, straight into its memory. Several goroutines may call the methods of a File.
type File struct {
	file   *os.File
	header *header
	mapped *mapping.File
}

// Open opens a safetensors file and checks its header: sizes, shapes and byte ranges must agree, and the ranges must cover the
// data exactly, without overlap or hole. So a truncated file is an error.
//
// The format: https://github.com/huggingface/safetensors#format. Open is stricter than the reference implementation: duplicate
// names and unknown fields are errors. F4, F6_E2M3 and F6_E3M2 are errors too: the format does not define how they share bytes.
func Open(path string) (_ *File, err error) {
	defer func() { err = errors.WithMessage(err, "checkpoints") }()
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	return newFile(f)
}

// newFile checks the header of an open file. It closes the file if the header is invalid.
func newFile(f *os.File) (*File, error) {
	h, err := openHeader(f)
	if err != nil {
		f.Close()
		return nil, errors.WithMessage(err, f.Name())
	}
	return &File{file: f, header: h, mapped: mapping.New(f, h.size)}, nil
}

func openHeader(f *os.File) (*header, error) {
	if err := littleEndian(); err != nil {
		return nil, err
	}
	stat, err := f.Stat()
	if err != nil {
		return nil, errors.Wrap(err, "size")
	}
	if !stat.Mode().IsRegular() {
		return nil, errors.Errorf("not a regular file but %v", stat.Mode())
	}
	h, err := readHeader(f, stat.Size())
	if err == nil {
		h.size = stat.Size()
	}
	return h, err
}

// littleEndian returns an error on big-endian machines, where a tensor's memory differs from the file's bytes.
func littleEndian() error {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		return errors.New("safetensors is little-endian, this machine is not")
	}
	return nil
}

// Close closes the file. Tensors that were read stay valid.
func (f *File) Close() error {
	return errors.Wrap(f.file.Close(), "checkpoints: close")
}

// Names returns the names of the tensors in the order of their data.
func (f *File) Names() []string { return slices.Clone(f.header.names) }

// Metadata returns a copy of the file's metadata, or nil if the file has none.
func (f *File) Metadata() map[string]string { return maps.Clone(f.header.metadata) }

// Info describes a tensor; ok is false if the file has no tensor of this name.
func (f *File) Info(name string) (info Info, ok bool) {
	info, ok = f.header.infos[name]
	info.Shape = slices.Clone(info.Shape)
	return info, ok
}

// Tensor reads one tensor into new memory. F16, BF16 and the 8-bit floats become float32; the other types keep their type.
// A shape of [] becomes a scalar.
func (f *File) Tensor(name string) (_ *tensor.Dense, err error) {
	defer f.explain(&err, name)
	info, err := f.find(name)
	if err != nil {
		return nil, err
	}
	return info.make(f.file)
}

// ReadInto reads one tensor into dst. dst must have the shape and the element type that [File.Tensor] returns, except that all
// real types convert to float32 and float64; float64 is rounded to float32. The memory of dst must be row-major without gaps. If
// reading fails, dst may be partly overwritten.
func (f *File) ReadInto(name string, dst *tensor.Dense) (err error) {
	defer f.explain(&err, name)
	info, err := f.find(name)
	if err != nil {
		return err
	}
	if err := info.fits(dst); err != nil {
		return err
	}
	return info.read(f.file, dst)
}

func (f *File) find(name string) (Info, error) {
	info, ok := f.header.infos[name]
	if !ok {
		return info, errors.Errorf("not among the file's %d tensors", len(f.header.names))
	}
	return info, nil
}

// explain adds the package, the file and the tensor to an error of an exported method.
func (f *File) explain(err *error, name string) {
	*err = errors.WithMessagef(*err, "checkpoints: %s: tensor %q", f.file.Name(), name)
}

// make reads the tensor into new memory.
func (info Info) make(r io.ReaderAt) (*tensor.Dense, error) {
	t := tensor.New(tensor.Of(formats[info.Dtype].kind), tensor.WithShape(info.Shape...))
	if err := info.read(r, t); err != nil {
		return nil, err
	}
	return t, nil
}

// fits returns an error if the tensor cannot be read into dst.
func (info Info) fits(dst *tensor.Dense) error {
	kind := formats[info.Dtype].kind
	toFloat := dst.Dtype() == tensor.Float32 || dst.Dtype() == tensor.Float64
	switch {
	case !slices.Equal(info.Shape, []int(dst.Shape())):
		return errors.Errorf("shape %v in the file, %v in memory", info.Shape, []int(dst.Shape()))
	case dst.Dtype() != kind && !(info.Dtype.float() && toFloat):
		return errors.Errorf("%s in the file does not convert to %v in memory", info.Dtype, dst.Dtype())
	case !packed(dst):
		return errors.Errorf("the tensor in memory is a view or a transpose: copy it first")
	}
	return nil
}

// read fills dst from the file. The caller has checked that the tensor fits.
func (info Info) read(file io.ReaderAt, dst *tensor.Dense) error {
	if info.Bytes == 0 {
		return nil
	}
	return info.readPart(file, dst, 0, info.elementCount())
}

// checkBools returns an error if a byte is not a valid bool in memory. It then clears raw, so that no invalid bool remains.
func checkBools(raw []byte) error {
	for i, b := range raw {
		if b > 1 {
			clear(raw)
			return errors.Errorf("element %d is the byte %d, a BOOL is 0 or 1", i, b)
		}
	}
	return nil
}

// packed reports whether t is row-major without gaps or mask.
func packed(t *tensor.Dense) bool {
	if t.Shape().TotalSize() == 0 { // RequiresIterator is true for empty tensors
		return true
	}
	return !t.RequiresIterator() && !t.DataOrder().IsColMajor() && !masked(t)
}

// masked reports whether t has a mask. IsMasked is true for every empty tensor.
func masked(t *tensor.Dense) bool { return len(t.Mask()) > 0 }
