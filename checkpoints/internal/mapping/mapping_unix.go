//go:build unix

package mapping

import (
	"os"
	"syscall"

	"github.com/pkg/errors"
)

func whole(f *os.File, size int) ([]byte, error) {
	b, err := syscall.Mmap(int(f.Fd()), 0, size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE)
	return b, errors.WithStack(err)
}
