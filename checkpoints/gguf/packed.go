package gguf

import (
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Packed returns a matrix as it is in the file, nil if package kernel does not multiply by such a matrix: vectors, F32, and rows that are
// no multiple of 32. Where the system can, the bytes are a part of the file that is mapped into memory, so that nothing is read before it
// is used.
//
// A mapping outlives Close and is never released. The file must not be changed in place or made shorter while the matrix is in use: replace
// it by renaming another, as [Write] does. Weights that have not been used yet are the changed ones. A weight in a part that is cut off, or
// that the disk fails to give, is a fault (SIGBUS): see graph.CatchFaults.
func (f *File) Packed(name string) (_ *kernel.Packed, err error) {
	defer f.explain(&err, name)
	info, err := f.find(name)
	if err != nil {
		return nil, err
	}
	q, ok := info.Type.Quant()
	if !ok || len(info.Shape) != 2 || !q.Packs(info.Shape[1]) {
		return nil, nil
	}
	w := &kernel.Packed{Format: q, Rows: info.Shape[0], Cols: info.Shape[1]}
	if w.Data, err = f.mapped.Part(info.offset, info.Bytes); err != nil {
		w.Data, err = f.Blocks(name)
	}
	return w, err
}

// Mapped returns a tensor of F32 in the memory of the file, as Packed does. It is nil if the tensor has another type, if its values are not
// aligned, or if the system does not map files. The values may be written: the file does not change.
func (f *File) Mapped(name string) []float32 {
	info, err := f.find(name)
	if err != nil || info.Type != F32 || !nativeLittle {
		return nil
	}
	x, err := f.mapped.Float32s(info.offset, info.Bytes)
	if err != nil {
		return nil
	}
	return x
}
