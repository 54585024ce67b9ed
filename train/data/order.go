package data

import (
	"math/bits"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// order is a shuffle of 0…n-1 for every epoch, with random access in constant time and memory. The permutation is a Feistel network
// (Luby and Rackoff 1988) over the next power of four, repeated until the result is below n (Black and Rogaway 2002).
type order struct {
	n   int
	key uint64
}

// feistelRounds is the number of rounds. Luby and Rackoff prove that four rounds are indistinguishable from a random permutation.
const feistelRounds = 6

// item returns the item in a row of the endless list of epochs, and the epoch of the row.
func (o order) item(row int) (item, epoch int) {
	epoch = row / o.n
	return o.permute(row%o.n, epoch), epoch
}

// permute returns the i-th item of the permutation with this number.
func (o order) permute(i, number int) int {
	s := kernel.Seed{Key: o.key, Stream: uint64(number)}
	half := (bits.Len(uint(o.n-1)) + 1) / 2
	mask := uint64(1)<<half - 1
	for x := uint64(i); ; {
		l, r := x>>half, x&mask
		for k := range uint64(feistelRounds) {
			l, r = r, l^uint64(s.Uint32(k<<32|r))&mask
		}
		if x = l<<half | r; x < uint64(o.n) {
			return int(x)
		}
	}
}
