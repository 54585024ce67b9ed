package models

import (
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// PackedFile is a GGUFFile that also returns matrices as they are in the file, nil if they are not in few bits.
type PackedFile interface {
	GGUFFile
	Packed(name string) (*kernel.Packed, error)
	Blocks(name string) ([]byte, error)
}

// MappedFile is a GGUFFile that also returns tensors of float32 in the memory of the file, nil if it cannot. The values may be written.
type MappedFile interface {
	GGUFFile
	Mapped(name string) []float32
}

// ReadMapped returns a parameter in the memory of the file, for graph.Params.Give. It is nil if the file has it in another type or layout.
func (g GGUF) ReadMapped(f MappedFile, path string) *tensor.Dense {
	shape, ok := f.Shape(g.Name(path))
	if !ok || len(shape) == 0 || g.layout(path) != (layout{}) {
		return nil
	}
	x := f.Mapped(g.Name(path))
	if x == nil {
		return nil
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(x))
}

// ReadRows reads len(x) values of a parameter's matrix, or of its transpose if trans is set, row-major, from value first on, which begins a row.
// ok is false if the file has the matrix in another layout.
func (g GGUF) ReadRows(f GGUFFile, path string, trans bool, first int, x []float32) (ok bool, err error) {
	if l := g.layout(path); l != (layout{transposed: trans}) {
		return false, nil
	}
	return true, f.ReadValues(g.Name(path), first, x)
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
	blocks, err := f.Blocks(g.Name(path)) // w may be in a mapped file
	if err != nil {
		return nil, err
	}
	moved := *w
	moved.Data = kernel.LargeBytes(len(w.Data))
	n := len(w.Data) / w.Rows
	l.moveRows([]int{w.Rows, 1}, func(parameter, file, _ int) { copy(moved.Data[parameter*n:][:n], blocks[file*n:]) })
	return &moved, nil
}
