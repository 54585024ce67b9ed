package gguf_test

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
)

// raw builds the bytes of a file, valid or not.
type raw struct{ bytes.Buffer }

func (r *raw) u32(v uint32) *raw { return r.put(v) }
func (r *raw) u64(v uint64) *raw { return r.put(v) }

func (r *raw) put(v any) *raw {
	_ = binary.Write(r, binary.LittleEndian, v) // a Buffer takes everything
	return r
}

func (r *raw) text(s string) *raw {
	r.u64(uint64(len(s))).WriteString(s)
	return r
}

// start writes the magic, the version 3 and the counts.
func start(tensors, keys uint64) *raw {
	r := new(raw)
	r.WriteString("GGUF")
	return r.u32(3).u64(tensors).u64(keys)
}

// tensor writes the info of a tensor, dimensions fastest first.
func (r *raw) tensor(name string, kind uint32, offset uint64, dims ...uint64) *raw {
	r.text(name).u32(uint32(len(dims)))
	for _, d := range dims {
		r.u64(d)
	}
	return r.u32(kind).u64(offset)
}

// data pads to the alignment and adds n bytes.
func (r *raw) data(n int) *raw {
	r.Write(make([]byte, (32-r.Len()%32)%32+n))
	return r
}

func store(t testing.TB, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.gguf")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// attacks lists invalid files by the words of their errors.
var attacks = map[string]*raw{
	`begins with "PK\x03\x04"`:                   func() *raw { r := new(raw); r.WriteString("PK\x03\x04"); return r.data(64) }(),
	"the magic, which needs 4 bytes more":        new(raw),
	"the number of keys, which needs 8 bytes":    func() *raw { r := start(0, 0); r.Truncate(16); return r }(),
	"version is 1, want 2 or 3":                  func() *raw { r := new(raw); r.WriteString("GGUF"); return r.u32(1).u64(0).u64(0) }(),
	"big-endian":                                 func() *raw { r := new(raw); r.WriteString("GGUF"); return r.u32(3 << 24).u64(0).u64(0) }(),
	"claims 4611686018427387904 tensors":         start(1<<62, 0),
	"and 1000000 keys":                           start(0, 1000000),
	"claims a string of 9223372036854775807":     start(0, 1).u64(math.MaxInt64).data(64),
	"the key has 70000 bytes, the limit is":      start(0, 1).text(strings.Repeat("k", 70000)).u32(4).u32(1),
	`the key at byte 24 is "", want text`:        start(0, 1).text("").u32(4).u32(1),
	`is "a\xff", want text`:                      start(0, 1).text("a\xff").u32(4).u32(1),
	`key "a" is given twice`:                     start(0, 2).text("a").u32(4).u32(1).text("a").u32(4).u32(1),
	`"a" has a value of type 13`:                 start(0, 1).text("a").u32(13).u32(1),
	`"a" has a bool of 2`:                        start(0, 1).text("a").u32(7).put(uint8(2)).data(8),
	`within "a", which needs 4 bytes more`:       start(0, 1).text("a").u32(10).u32(1),
	`"a" is an array of arrays`:                  start(0, 1).text("a").u32(9).u32(9).u64(1).data(64),
	`"a" is an array of type 14`:                 start(0, 1).text("a").u32(9).u32(14).u64(1).data(64),
	`"a" claims an array of 4611686018427387904`: start(0, 1).text("a").u32(9).u32(12).u64(1 << 62).data(64),
	`"a" claims an array of 20 elements of at`:   start(0, 1).text("a").u32(9).u32(8).u64(20).data(64),
	`"a" claims a string of 99 bytes`:            start(0, 1).text("a").u32(9).u32(8).u64(1).u64(99).data(64),
	`"x" has 5 axes, the limit is 4`:             start(1, 0).tensor("x", 0, 0, 1, 1, 1, 1, 1).data(32),
	`"x" is given twice`:                         start(2, 0).tensor("x", 0, 0, 8).tensor("x", 0, 32, 8).data(64),
	`the name of tensor 0 is ""`:                 start(1, 0).tensor("", 0, 0, 8).data(32),
	"the tensor name has 65 bytes, the limit":    start(1, 0).tensor(strings.Repeat("x", 65), 0, 0, 8).data(32),
	"type 77 is not supported, want one of f32":  start(1, 0).tensor("x", 77, 0, 32).data(32),
	"Q2_K is not supported, want one of f32":     start(1, 0).tensor("x", 10, 0, 256).data(84),
	"rows of 33 elements are not a multiple":     start(1, 0).tensor("x", 8, 0, 33).data(64),
	"axis 0 has 9223372036854775808 elements":    start(1, 0).tensor("x", 0, 0, 1<<63).data(64),
	"has an axis of 0":                           start(1, 0).tensor("x", 0, 0, 0).data(64),
	"has more than 140737488289792 elements":     start(1, 0).tensor("x", 0, 0, 1<<40, 1<<40).data(64),
	"offset 4 is not a multiple":                 start(1, 0).tensor("x", 0, 4, 8).data(64),
	`offset 0 overlaps tensor "x"`:               start(2, 0).tensor("x", 0, 0, 8).tensor("y", 0, 0, 8).data(64),
	"offset 64 leaves a hole after 0":            start(1, 0).tensor("x", 0, 64, 8).data(96),
	"the data from 0 to 32 exceed the 31 bytes":  start(1, 0).tensor("x", 0, 0, 8).data(31),
	"exceed the 32 bytes of the file's data":     start(1, 0).tensor("x", 0, 0, 1<<40).data(32),
	"it is truncated":                            start(1, 0).tensor("x", 0, 0, 8),
	"32 bytes too many":                          start(1, 0).tensor("x", 0, 0, 8).data(64),
	"general.alignment is 24 (uint32), want":     start(0, 1).text("general.alignment").u32(4).u32(24),
	"general.alignment is 0 (uint32), want":      start(0, 1).text("general.alignment").u32(4).u32(0),
	"general.alignment is 32 (uint64), want":     start(0, 1).text("general.alignment").u32(10).u64(32),
}

// TestAttacks: every invalid file is refused with a message that names the place and both values.
func TestAttacks(t *testing.T) {
	for want, r := range attacks {
		f, err := gguf.Open(store(t, r.Bytes()))
		if err == nil {
			f.Close()
			t.Errorf("the file for %q opens", want)
			continue
		}
		if !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "gguf: ") || strings.Contains(err.Error(), "\n") {
			t.Errorf("got error %q, want %q in one line", err, want)
		}
	}
}

// TestOpens: a file of version 2, another alignment, and tensors in another order than their data.
func TestOpens(t *testing.T) {
	r := new(raw)
	r.WriteString("GGUF")
	r.u32(2).u64(2).u64(1).text("general.alignment").u32(4).u32(64).tensor("y", 0, 64, 2, 3).tensor("x", 8, 0, 32)
	r.Write(make([]byte, (64-r.Len()%64)%64))
	r.Write(append([]byte{0, 0x3c, 5}, make([]byte, 61)...))
	r.put([]float32{1, 2, 3, 4, 5, 6})
	f, err := gguf.Open(store(t, r.Bytes()))
	check(t, err)
	defer f.Close()
	x, err := f.Values("x")
	check(t, err)
	y, err := f.Values("y")
	check(t, err)
	if info, _ := f.Info("y"); len(x) != 32 || x[0] != 5 || y[5] != 6 || info.Shape[0] != 3 || info.Shape[1] != 2 || f.Names()[0] != "y" {
		t.Errorf("got x %v, y %v of %+v, names %v", x, y, info, f.Names())
	}
	if _, err := f.Values("z"); err == nil || !strings.Contains(err.Error(), `"z": not among the file's 2 tensors`) {
		t.Errorf("got error %v, want one that names the missing tensor", err)
	}
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
