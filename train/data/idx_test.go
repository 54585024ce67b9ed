package data_test

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/data"
)

// idx returns an idx file of bytes.
func idx(elements []byte, dims ...uint32) []byte {
	file := []byte{0, 0, 8, byte(len(dims))}
	for _, d := range dims {
		file = binary.BigEndian.AppendUint32(file, d)
	}
	return append(file, elements...)
}

// packed returns the content packed by gzip.
func packed(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// written writes a file and returns its path.
func written(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file.idx")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReadIDX(t *testing.T) {
	content := idx([]byte{1, 2, 3, 4, 5, 6}, 3, 2)
	for name, file := range map[string][]byte{"plain": content, "gzip": packed(t, content), "two streams": append(packed(t, content[:9]), packed(t, content[9:])...)} {
		x, err := data.ReadIDX(written(t, file))
		if err != nil || !slices.Equal(x.Dims, []int{3, 2}) || !slices.Equal(x.Bytes, []byte{1, 2, 3, 4, 5, 6}) {
			t.Errorf("%s: got %v and error %v", name, x, err)
		}
	}
}

// TestBadIDX: files that are no idx files, of another type, too short or too long are errors, and no header makes the reader allocate
// more than the file holds.
func TestBadIDX(t *testing.T) {
	whole := idx(make([]byte, 6), 3, 2)
	huge := idx([]byte{1, 2, 3}, 2147483647)
	float := idx(make([]byte, 24), 3, 2)
	float[2] = 13
	unknown := idx(make([]byte, 6), 3, 2)
	unknown[2] = 7
	damaged := packed(t, whole)
	damaged[len(damaged)-6] ^= 1
	for _, c := range []struct {
		name string
		file []byte
		want []string
	}{
		{"empty", nil, []string{"ends after 0 bytes"}},
		{"three bytes", whole[:3], []string{"ends after 3 bytes"}},
		{"a PNG", []byte("\x89PNG\r\n\x1a\n0000"), []string{"89 50 4e 47", "no idx file"}},
		{"an unknown type", unknown, []string{"00 00 07 02", "no idx file"}},
		{"floats", float, []string{"float32", "unsigned bytes"}},
		{"no dimensions", idx([]byte{1}), []string{"0 dimensions"}},
		{"half a header", whole[:10], []string{"ends after 10 bytes", "each of 2 dimensions"}},
		{"too short", whole[:len(whole)-1], []string{"5 of the 6 elements", "3×2"}},
		{"too short, gzip", packed(t, whole[:len(whole)-1]), []string{"5 of the 6 elements", "3×2"}},
		{"cut gzip", packed(t, whole)[:20], []string{"ends after"}},
		{"damaged gzip", damaged, []string{"gzip"}},
		{"too long", append(slices.Clone(whole), 0), []string{"more than the 6 elements", "3×2"}},
		{"a dimension of 0", idx(nil, 3, 0), []string{"dimension 2 is 0"}},
		{"2^31 elements", idx([]byte{1}, 65536, 32768), []string{"2^31"}},
		{"an overflow to 0", idx([]byte{1}, 1<<31, 1<<31, 4), []string{"dimension 1 is 2147483648"}},
		{"an overflow of 64 bits", idx([]byte{1}, 1<<30, 1<<30, 1<<30, 1<<30), []string{"2^31"}},
		{"a huge header", huge, []string{"3 of the 2147483647"}},
	} {
		var before, after runtime.MemStats
		path := written(t, c.file)
		runtime.ReadMemStats(&before)
		_, err := data.ReadIDX(path)
		runtime.ReadMemStats(&after)
		wantError(t, err, append(c.want, path)...)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", c.name, used)
		}
	}
	_, err := data.ReadIDX("missing.idx")
	wantError(t, err, "missing.idx")
}

// FuzzIDX: no content makes the reader panic, and a file that it reads holds the elements of its header.
func FuzzIDX(f *testing.F) {
	f.Add(idx(make([]byte, 6), 3, 2))
	f.Add(idx([]byte{1}, 1<<31, 1<<31, 4))
	f.Add([]byte("\x1f\x8b"))
	f.Fuzz(func(t *testing.T, file []byte) {
		x, err := data.ReadIDX(written(t, file))
		n := 1
		for _, d := range x.Dims {
			n *= d
		}
		if err == nil && (len(x.Dims) == 0 || len(x.Bytes) != n) {
			t.Errorf("got %d bytes for the dimensions %v", len(x.Bytes), x.Dims)
		}
	})
}
