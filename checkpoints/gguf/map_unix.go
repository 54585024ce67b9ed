//go:build unix

package gguf

import (
	"os"
	"syscall"

	"github.com/pkg/errors"
)

// mapPart maps a part of a file into memory, to read. The pages before and after it are mapped too.
func mapPart(f *os.File, offset int64, bytes int) ([]byte, error) {
	skip := int(offset % int64(os.Getpagesize()))
	b, err := syscall.Mmap(int(f.Fd()), offset-int64(skip), skip+bytes, syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	return b[skip : skip+bytes : skip+bytes], nil
}
