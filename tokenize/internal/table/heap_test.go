package table

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestHeap compares the order of entries with that of sorting.
func TestHeap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 200 {
		var made, pushed Heap
		var want []uint64
		for range n {
			entry := r.Uint64N(uint64(n))
			want = append(want, entry)
			made = append(made, entry)
			pushed.Push(entry)
		}
		made.MakeHeap()
		slices.Sort(want)
		for _, h := range []Heap{made, pushed} {
			var got []uint64
			for len(h) > 0 {
				got = append(got, h.Pop())
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%d entries: got %d, want %d", n, got, want)
			}
		}
	}
}
