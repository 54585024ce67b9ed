package gguf_test

import (
	"reflect"
	"runtime"
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
	f.Fuzz(func(t *testing.T, b []byte) {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		file, err := gguf.OpenBytes(b)
		runtime.ReadMemStats(&after)
		if grown, limit := after.TotalAlloc-before.TotalAlloc, uint64(1<<20+16*len(b)); grown > limit {
			t.Fatalf("a file of %d bytes allocated %d, want at most %d", len(b), grown, limit)
		}
		if err != nil {
			return
		}
		rewritten(t, file)
	})
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
