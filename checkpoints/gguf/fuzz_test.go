package gguf_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime/metrics"
	"slices"
	"strconv"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
)

// FuzzGGUF: no file panics or allocates much more than its size, and a file that opens can be written and read again with the same
// keys and values.
func FuzzGGUF(f *testing.F) {
	for _, r := range attacks {
		if r.Len() < 4096 {
			f.Add(r.Bytes())
		}
	}
	b, err := gguf.WriteBytes(everything, full()[:3])
	check(f, err)
	f.Add(b)
	f.Fuzz(func(t *testing.T, b []byte) { probe(t, b) })
}

// probe opens a file, and writes it again if it is valid.
func probe(t *testing.T, b []byte) {
	before := allocated()
	file, err := gguf.OpenBytes(b)
	if grown, limit := allocated()-before, uint64(1<<20+16*len(b)); grown > limit {
		t.Fatalf("a file of %d bytes allocated %d, want at most %d: %x", len(b), grown, limit, b)
	}
	if err == nil {
		rewritten(t, file)
	}
}

// TestMutations probes files with random changes: bytes, numbers at any place, parts that move or vanish. MUTATIONS in the environment sets
// their number.
func TestMutations(t *testing.T) {
	n := 10_000
	if text := os.Getenv("MUTATIONS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		check(t, err)
	}
	var seeds [][]byte
	b, err := gguf.WriteBytes(everything, full()[:3])
	check(t, err)
	seeds = append(seeds, b)
	for _, r := range attacks {
		if r.Len() < 4096 {
			seeds = append(seeds, r.Bytes())
		}
	}
	slices.SortFunc(seeds, bytes.Compare)
	r, opened := rand.New(rand.NewPCG(1, uint64(n))), 0
	for range n {
		b := slices.Clone(seeds[r.IntN(len(seeds))])
		for range r.IntN(4) {
			b = mutated(r, b)
		}
		if _, err := gguf.OpenBytes(b); err == nil {
			opened++
		}
		probe(t, b)
	}
	if opened == 0 || opened == n {
		t.Errorf("%d of %d files open, want some", opened, n)
	}
}

// numbers are values that lengths, counts and offsets take in attacks.
var numbers = []uint64{0, 1, 2, 3, 7, 8, 9, 31, 32, 33, 255, 1 << 16, 1<<31 - 1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<62 + 1, 1<<63 - 1, 1 << 63, math.MaxUint64}

// mutated returns b with one random change.
func mutated(r *rand.Rand, b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	at := r.IntN(len(b))
	switch r.IntN(6) {
	case 0:
		b[at] ^= 1 << r.IntN(8)
	case 1:
		b[at] = byte(numbers[r.IntN(len(numbers))])
	case 2:
		if len(b) >= at+8 {
			binary.LittleEndian.PutUint64(b[at:], numbers[r.IntN(len(numbers))])
		}
	case 3:
		if len(b) >= at+4 {
			binary.LittleEndian.PutUint32(b[at:], uint32(numbers[r.IntN(len(numbers))]))
		}
	case 4:
		b = slices.Delete(b, at, min(len(b), at+1+r.IntN(16)))
	case 5:
		from := r.IntN(len(b))
		b = slices.Insert(b, at, slices.Clone(b[from:min(len(b), from+1+r.IntN(24))])...)
	}
	return b
}

// rewritten writes a file's content and compares it.
func rewritten(t *testing.T, file *gguf.File) {
	var list []gguf.Tensor
	for _, name := range file.Names() {
		info, _ := file.Info(name)
		if len(name) > 63 {
			return // libggml reads such a name, but does not write it
		}
		list = append(list, gguf.Tensor{Name: name, Shape: info.Shape, Values: func() ([]float32, error) { return file.Values(name) }})
	}
	b, err := gguf.WriteBytes(file.Metadata(), list)
	check(t, err)
	again, err := gguf.OpenBytes(b)
	check(t, err)
	if got, want := again.Metadata(), file.Metadata(); !reflect.DeepEqual(got, want) && !hasNaN(want) {
		t.Fatalf("got keys %v, want %v", got, want)
	}
	for _, name := range file.Names() {
		x, err := file.Values(name)
		check(t, err)
		y, err := again.Values(name)
		check(t, err)
		for i := range x {
			if x[i] != y[i] && x[i] == x[i] {
				t.Fatalf("%s: value %d is %v, was %v", name, i, y[i], x[i])
			}
		}
	}
}

// hasNaN reports whether a value is NaN or has one, and so differs from itself.
func hasNaN(m map[string]any) bool {
	for _, v := range m {
		if !reflect.DeepEqual(v, v) {
			return true
		}
		switch v := v.(type) {
		case []float32:
			for _, x := range v {
				if x != x {
					return true
				}
			}
		case []float64:
			for _, x := range v {
				if x != x {
					return true
				}
			}
		}
	}
	return false
}

// allocated returns the bytes that the process has allocated so far.
func allocated() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
