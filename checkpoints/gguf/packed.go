package gguf

import (
	"os"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Packed returns a matrix as it is in the file, nil if package kernel does not multiply by such a matrix: vectors, F32, and rows that are
// no multiple of 32. Where the system can, the bytes are a part of the file that is mapped into memory, so that nothing is read before it
// is used. The mapping outlives Close. The file must not be changed in place or made shorter while the matrix is in use: replace it by
// renaming another.
func (f *File) Packed(name string) (_ *kernel.Packed, err error) {
	defer func() { err = errors.WithMessagef(err, "gguf: %s: tensor %q", f.name, name) }()
	info, ok := f.header.infos[name]
	if !ok {
		return nil, errors.Errorf("not among the file's %d tensors", len(f.header.names))
	}
	q, ok := info.Type.Quant()
	if !ok || len(info.Shape) != 2 || !q.Packs(info.Shape[1]) {
		return nil, nil
	}
	w := &kernel.Packed{Format: q, Rows: info.Shape[0], Cols: info.Shape[1]}
	if file, ok := f.data.(*os.File); ok {
		if w.Data, err = mapPart(file, info.offset, int(info.Bytes)); err == nil {
			return w, nil
		}
	}
	w.Data, err = f.Blocks(name)
	return w, err
}
