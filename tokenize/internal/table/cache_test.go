package table

import (
	"slices"
	"testing"
)

// TestCache looks up pieces of all lengths at all places of a text, in which none occurs twice.
func TestCache(t *testing.T) {
	bytes := make([]byte, 200)
	for i := range bytes {
		bytes[i] = byte(i)
	}
	text := string(bytes)
	var c Cache
	if e, key, hit := c.Find(text, 0, 3); hit || e != nil {
		t.Errorf("before text: got a hit %t, entry %v", hit, e)
	} else {
		e.Keep(key, []int32{1})
	}
	c.Expect(cacheFrom)
	hits := 0
	for start := range text {
		for end := start + 1; end <= len(text); end++ {
			e, key, hit := c.Find(text, start, end)
			if hit {
				t.Fatalf("%q: found before it was kept", text[start:end])
			}
			n := (end - start) % (cachedIDs + 2)
			ids := []int32{int32(start), int32(end), 3, 4, 5, 6, 7, 8, 9}[:n]
			e.Keep(key, ids)
			piece := text[start:end]
			for from, other := range []string{piece + text, "-" + piece} { // with and without room to read whole words
				e, _, hit := c.Find(other, from, from+len(piece))
				if want := end-start <= cachedBytes && n <= cachedIDs; hit != want {
					t.Fatalf("%q: hit %t, want %t", piece, hit, want)
				}
				if hit && !slices.Equal(e.IDs(), ids) {
					t.Fatalf("%q: got %d, want %d", piece, e.IDs(), ids)
				}
				if hit {
					hits++
				}
			}
		}
	}
	if hits == 0 {
		t.Error("no piece was found")
	}
}
