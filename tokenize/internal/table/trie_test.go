package table

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// TestTrie compares a Trie with a map. Keys of few letters share nodes; keys of all bytes fill blocks.
func TestTrie(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, letters := range []int{2, 5, 256} {
		for _, n := range []int{0, 1, 300, 20000} {
			values := map[string]int32{}
			for range n {
				values[randomBytes(r, letters)] = int32(r.IntN(1 << 20))
			}
			var keys []string
			for key := range values {
				keys = append(keys, key)
			}
			for range 1000 {
				keys = append(keys, randomBytes(r, letters))
			}
			trie, err := NewTrie(values)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				want, ok := values[key]
				if !ok {
					want = -1
				}
				got := int32(-1)
				if n, v := trie.Longest(trie.Root(), key); n == len(key) {
					got = v
				}
				if _, walked := trie.Walk(key); got != want || ok && !walked {
					t.Fatalf("%d keys of %d letters: %q: got %d, walked %t, want %d", n, letters, key, got, walked, want)
				}
			}
		}
	}
}

func randomBytes(r *rand.Rand, letters int) string {
	var b strings.Builder
	for range 1 + r.IntN(8) {
		b.WriteByte(byte(r.IntN(letters)))
	}
	return b.String()
}
