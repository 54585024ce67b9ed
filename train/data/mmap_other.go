//go:build !unix

package data

import (
	"io"
	"os"

	"github.com/pkg/errors"
)

// mapFile reads the file, whose header has been found to agree with its size.
func mapFile(f *os.File, size int64) ([]byte, func() error, error) {
	b := make([]byte, size)
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, size), b); err != nil {
		return nil, nil, errors.WithStack(err)
	}
	return b, func() error { return nil }, nil
}

// syncFolder does nothing: these systems cannot open a folder to sync it.
func syncFolder(string) error { return nil }
