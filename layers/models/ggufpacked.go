package models

import (
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// PackedFile is a GGUFFile that also returns matrices as they are in the file, nil if they are not in few bits.
type PackedFile interface {
	GGUFFile
	Packed(name string) (*kernel.Packed, error)
}

// ReadPacked returns a parameter as it is in the file, for graph.Params.Pack. trans asks for the transpose of the parameter. The matrix is nil
// if the file has the parameter in float32 or in another layout than rows of the matrix.
func (g GGUF) ReadPacked(f PackedFile, path string, trans bool) (*kernel.Packed, error) {
	l := g.layout(path)
	if l.transposed != trans || l.plusOne || l.cut > 0 {
		return nil, nil
	}
	w, err := f.Packed(g.Name(path))
	if w == nil || l.pairs == 0 && l.heads == 0 {
		return w, err
	}
	moved := *w
	moved.Data = kernel.LargeBytes(len(w.Data))
	n := len(w.Data) / w.Rows
	l.moveRows([]int{w.Rows, 1}, func(parameter, file, _ int) { copy(moved.Data[parameter*n:][:n], w.Data[file*n:]) })
	return &moved, nil
}
