package gguf

import (
	"io"
	"maps"
	"os"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints/internal/mapping"
)

// File is an open GGUF file. Several goroutines may call its methods.
type File struct {
	name   string
	data   io.ReaderAt
	mapped *mapping.File
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
	return &File{f.Name(), f, mapping.New(f, stat.Size()), f.Close, h}, nil
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
