//go:build !unix

package data

import (
	"io"
	"os"

	"github.com/pkg/errors"
)

// mapFile reads a file of size bytes into memory. The caller has checked the size against the header.
func mapFile(f *os.File, size int64) ([]byte, func() error, error) {
	b := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, size), b); err != nil {
		return nil, nil, errors.WithStack(err)
	}
	return b, func() error { return nil }, nil
}
