package gguf

import (
	"encoding/binary"
	"io"
	"sync"
	"unsafe"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// partBytes is about the most bytes of blocks that are decoded at a time.
const partBytes = 1 << 18

// rooms keeps memory for blocks, so that reading a file in parts makes no garbage.
var rooms = sync.Pool{New: func() any { return new([]byte) }}

// explain adds the file and the tensor to an error of an exported method.
func (f *File) explain(err *error, name string) {
	*err = errors.WithMessagef(*err, "gguf: %s: tensor %q", f.name, name)
}

func (f *File) find(name string) (Info, error) {
	info, ok := f.header.infos[name]
	if !ok {
		return info, errors.Errorf("not among the file's %d tensors", len(f.header.names))
	}
	return info, nil
}

// Blocks reads the bytes of a tensor as they are: rows of blocks, for F32 rows of little-endian numbers.
func (f *File) Blocks(name string) (_ []byte, err error) {
	defer f.explain(&err, name)
	info, err := f.find(name)
	if err != nil {
		return nil, err
	}
	b := kernel.LargeBytes(int(info.Bytes))
	return b, f.read(b, info.offset)
}

func (f *File) read(b []byte, offset int64) error {
	_, err := io.ReadFull(io.NewSectionReader(f.data, offset, int64(len(b))), b)
	return errors.Wrap(err, "read")
}

// Values reads the values of a tensor, row-major, as float32.
func (f *File) Values(name string) (_ []float32, err error) {
	info, err := f.find(name)
	if err != nil {
		f.explain(&err, name)
		return nil, err
	}
	x := make([]float32, elements(info.Shape))
	return x, f.ReadValues(name, 0, x)
}

// ReadValues reads len(x) values of a tensor, row-major, as float32, from value first on. Both are multiples of the block of the tensor's type.
func (f *File) ReadValues(name string, first int, x []float32) (err error) {
	defer f.explain(&err, name)
	info, err := f.find(name)
	if err != nil {
		return err
	}
	weights, bytes := info.Type.Block()
	if n := elements(info.Shape); first < 0 || first > n-len(x) || first%weights != 0 || len(x)%weights != 0 {
		return errors.Errorf("values %d to %d of %d, in blocks of %d", first, first+len(x), n, weights)
	}
	offset := info.offset + int64(first/weights*bytes)
	if info.Type == F32 && nativeLittle && len(x) > 0 {
		return f.read(unsafe.Slice((*byte)(unsafe.Pointer(&x[0])), 4*len(x)), offset)
	}
	room := rooms.Get().(*[]byte)
	defer rooms.Put(room)
	if *room == nil {
		*room = make([]byte, partBytes)
	}
	for most := partBytes / bytes * weights; len(x) > 0; {
		n := min(len(x), most)
		b := (*room)[:n/weights*bytes]
		if err := f.read(b, offset); err != nil {
			return err
		}
		info.Type.decode(x[:n], b)
		x, offset = x[n:], offset+int64(len(b))
	}
	return nil
}

// nativeLittle reports whether the machine's numbers have the byte order of the file.
var nativeLittle = binary.NativeEndian.Uint16([]byte{1, 0}) == 1

// decode writes the values of whole blocks to x.
func (t Type) decode(x []float32, b []byte) {
	if q, ok := t.Quant(); ok {
		q.Dequantize(x, b)
		return
	}
	_, _ = binary.Decode(b, binary.LittleEndian, x) // the lengths match
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
