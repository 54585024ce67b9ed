// Package mapping maps files into memory, so that a model opens before its weights are read.
//
// A mapping is private: a write changes a copy of the page in memory and never the file. It is never removed, because tensors over it do not
// keep it alive.
package mapping

import (
	"io"
	"math"
	"os"
	"sync"
	"unsafe"

	"github.com/pkg/errors"
)

// File is a file that is mapped at the first call of Part. Several goroutines may call its methods.
type File struct {
	file *os.File
	size int64
	once sync.Once
	all  []byte
	err  error
}

// New returns the mapping of an open file of size bytes. Readers that are no files are not mapped.
func New(r io.ReaderAt, size int64) *File {
	file, _ := r.(*os.File)
	return &File{file: file, size: size}
}

// Part returns bytes of the file. It is an error if the system cannot map the file: the caller then reads it.
func (f *File) Part(offset, bytes int64) ([]byte, error) {
	f.once.Do(func() {
		if f.file == nil || f.size <= 0 || f.size > math.MaxInt {
			f.err = errors.Errorf("a file of %d bytes is not mapped", f.size)
			return
		}
		f.all, f.err = whole(f.file, int(f.size))
	})
	switch {
	case f.err != nil:
		return nil, f.err
	case offset < 0 || bytes < 0 || offset > f.size-bytes:
		return nil, errors.Errorf("bytes %d to %d of a file of %d", offset, offset+bytes, f.size)
	}
	return f.all[offset : offset+bytes : offset+bytes], nil
}

// Float32s returns a part of the file as numbers in the machine's byte order. It is an error if the part does not begin at a multiple of 4.
func (f *File) Float32s(offset, bytes int64) ([]float32, error) {
	if offset%4 != 0 || bytes%4 != 0 || bytes == 0 {
		return nil, errors.Errorf("bytes %d to %d are no whole aligned numbers", offset, offset+bytes)
	}
	b, err := f.Part(offset, bytes)
	if err != nil {
		return nil, err
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(b))), bytes/4), nil
}
