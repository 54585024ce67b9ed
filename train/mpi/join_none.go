//go:build !mpi

package mpi

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
)

// Join returns the ranks of this process's launcher, nil if there is none. Without the build tag mpi, a launcher is an error.
func Join() (train.Group, error) {
	if rank, ok := Launched(); ok {
		return nil, errors.Errorf("mpi: a launcher has started this process as rank %d, but the program is built without MPI: build it with go build -tags mpi", rank)
	}
	return nil, nil
}

func leave() error { return nil }

// Abort ends all ranks. Without ranks it does nothing.
func Abort() {}
