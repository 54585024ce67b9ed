//go:build unix

package data

import (
	"os"

	"github.com/pkg/errors"
	"golang.org/x/sys/unix"
)

// mapFile maps a file into memory for reading. The returned function unmaps it.
func mapFile(f *os.File, size int64) ([]byte, func() error, error) {
	if int64(int(size)) != size {
		return nil, nil, errors.Errorf("%d bytes do not fit the address space", size)
	}
	b, err := unix.Mmap(int(f.Fd()), 0, int(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, errors.WithStack(err)
	}
	return b, func() error { return unix.Munmap(b) }, nil
}
