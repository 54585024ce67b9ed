//go:build mpi

package mpi_test

import (
	"bytes"
	"testing"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/mpi"
)

// broadcasts is the argument that makes the test's binary broadcast messages instead of training.
const broadcasts = "broadcasts"

// broadcastAll broadcasts messages of many sizes from every rank: small ones, and ones in pieces from rank to rank.
func broadcastAll() error {
	group, err := mpi.Join()
	if err != nil {
		return err
	}
	const piece = 32 << 10
	for i, size := range []int{1, piece, 2 * piece, 2*piece + 1, 3 * piece, 64*piece + 7, 300*piece - 1} {
		for from := range group.Size() {
			want := bytes.Repeat([]byte{byte(i + 1), byte(from), 7, 11, 13}, size/5+1)[:size]
			got := make([]byte, size)
			if group.Rank() == from {
				copy(got, want)
			}
			if err := group.Broadcast(from, got); err != nil {
				return err
			}
			if !bytes.Equal(got, want) {
				return errors.Errorf("rank %d: %d bytes from rank %d arrive damaged", group.Rank(), size, from)
			}
		}
	}
	return nil
}

// TestBroadcast broadcasts on 2, 3 and 5 ranks.
func TestBroadcast(t *testing.T) {
	for _, ranks := range []int{2, 3, 5} {
		mustTrain(t, ranks, broadcasts)
	}
}
