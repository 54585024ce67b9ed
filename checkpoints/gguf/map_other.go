//go:build !unix

package gguf

import (
	"os"

	"github.com/pkg/errors"
)

// mapPart maps a part of a file into memory, to read. This system has no mapping here.
func mapPart(*os.File, int64, int) ([]byte, error) {
	return nil, errors.New("files are not mapped on this system")
}
