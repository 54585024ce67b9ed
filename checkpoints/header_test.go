package checkpoints_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

func tensorJSON(name, dtype, shape string, begin, end int) string {
	return fmt.Sprintf(`%q:{"dtype":%q,"shape":%s,"data_offsets":[%d,%d]}`, name, dtype, shape, begin, end)
}

func headerOf(parts ...string) string { return "{" + strings.Join(parts, ",") + "}" }

// attack is a file that must be refused, and the words that the error must contain.
type attack struct {
	name    string
	content []byte
	want    []string
}

func attacks() []attack {
	a4 := tensorJSON("a", "U8", "[4]", 0, 4)
	long := binary.LittleEndian.AppendUint64(nil, 100_000_001)
	all := func(header string, data int, want ...string) attack {
		return attack{strings.Join(want, " "), file(header, make([]byte, data)...), want}
	}
	one := func(shape string, data int, want ...string) attack {
		return all(headerOf(tensorJSON("a", "F32", shape, 0, data)), data, append(want, `tensor "a"`)...)
	}
	return []attack{
		{"empty file", nil, []string{"0 bytes", "at least 8"}},
		{"short file", []byte{1, 0, 0}, []string{"3 bytes", "at least 8"}},
		{"header beyond the limit", append(long, '{'), []string{"100000001", "100000000"}},
		{"header of 2⁶⁴−1 bytes", []byte("\xff\xff\xff\xff\xff\xff\xff\xff{}"), []string{"18446744073709551615", "100000000"}},
		{"header beyond the file", file("{}")[:9], []string{"claims 2 bytes", "has 1"}},
		{"no header", file(""), []string{"begins with", "{"}},
		{"header is no object", file("[]"), []string{`begins with "["`}},
		{"space before the header", file(" {}"), []string{`begins with " "`}},
		{"header not UTF-8", file("{\"\xff\":1}"), []string{"UTF-8"}},
		all("{", 0, "bad JSON", "EOF"),
		all(`{"a"`, 0, "bad JSON", "EOF"),
		all(headerOf(a4)+"x", 4, "continues after"),
		all(headerOf(a4)+"{}", 4, "continues after"),
		all(`{"a":3}`, 0, `tensor "a"`, `"3"`, `"{"`),
		all(`{"a":{"dtype":3,"shape":[],"data_offsets":[0,1]}}`, 1, `tensor "a"`, "want a string"),
		all(`{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1],"more":[]}}`, 1, `tensor "a"`, "unknown field", "more"),
		all(`{"a":{"shape":[],"data_offsets":[0,1]}}`, 1, `tensor "a"`, "no dtype"),
		all(`{"a":{"dtype":"U8","data_offsets":[0,1]}}`, 1, `tensor "a"`, "no shape"),
		all(`{"a":{"dtype":"U8","shape":[]}}`, 1, `tensor "a"`, "0 numbers"),
		all(`{"a":{"dtype":"U8","shape":[],"data_offsets":[1]}}`, 1, `tensor "a"`, "1 numbers, want 2"),
		all(`{"a":{"dtype":"U8","shape":[],"data_offsets":[0,1,2]}}`, 1, `tensor "a"`, "more than 2"),
		all(`{"a":{"dtype":"U8","dtype":"I8","shape":[],"data_offsets":[0,1]}}`, 1, `tensor "a"`, "duplicate name", "dtype"),
		all(headerOf(a4, a4), 4, "duplicate name", `"a"`),
		all(headerOf(a4, `"\u0061":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}`), 4, "duplicate name", `"a"`),
		all(`{"__metadata__":{"k":"1","k":"2"}}`, 0, "duplicate name", `"k"`),
		all(`{"__metadata__":{},"__metadata__":{}}`, 0, "duplicate name", "__metadata__"),
		all(`{"__metadata__":{"k":1}}`, 0, "want a string"),
		all(headerOf(tensorJSON("a", "F31", "[1]", 0, 4)), 4, `tensor "a"`, "F31", "unknown"),
		all(headerOf(tensorJSON("a", "F4", "[2]", 0, 1)), 1, `tensor "a"`, "F4", "unknown"),
		one("[2]", 4, "needs 8 bytes", "hold 4"),
		one("[-1]", 4, "negative", "-1"),
		one("[1.5]", 4, "1.5", "whole"),
		one("[1e0]", 4, "1e0", "whole"),
		one(`["1"]`, 4, `"1"`, "whole"),
		one("[99999999999999999999]", 4, "overflows", "99999999999999999999"),
		one("[4294967296,4294967296]", 4, "overflows", "4294967296"),
		one("[9223372036854775807,0]", 0, "overflows", "9223372036854775807"),
		one("["+strings.Repeat("1,", 64)+"1]", 4, "shape", "more than 64"),
		all(headerOf(tensorJSON("a", "U8", "[4]", -4, 0)), 4, `tensor "a"`, "negative", "-4"),
		all(headerOf(tensorJSON("a", "U8", "[4]", 4, 0)), 4, `tensor "a"`, "begin at 4", "end before it at 0"),
		all(headerOf(a4, tensorJSON("b", "U8", "[4]", 2, 6)), 6, `tensor "b"`, "begin at 2", `overlap tensor "a"`, "4"),
		all(headerOf(a4, tensorJSON("b", "U8", "[4]", 0, 4)), 4, `tensor "b"`, "overlap"),
		all(headerOf(a4, tensorJSON("b", "U8", "[2]", 6, 8)), 8, `tensor "b"`, "begin at 6", "hole after 4"),
		all(headerOf(tensorJSON("a", "U8", "[2]", 2, 4)), 4, `tensor "a"`, "hole after 0"),
		all(headerOf(a4), 3, `tensor "a"`, "end at 4", "3 bytes", "truncated"),
		all(headerOf(a4), 5, "trailing bytes", "end at 4", "data at 5"),
		all("{}", 1, "trailing bytes", "end at 0", "data at 1"),
	}
}

func TestAttacks(t *testing.T) {
	for _, a := range attacks() {
		t.Run(a.name, func(t *testing.T) {
			_, err := checkpoints.Open(store(t, a.content))
			wantError(t, err, append(a.want, "checkpoints: ", "x.safetensors")...)
		})
	}
}

// TestAnyOrder: the order of the tensors in the header may differ from the order of their data.
func TestAnyOrder(t *testing.T) {
	got := load(t, store(t, file(headerOf(tensorJSON("b", "U8", "[1]", 1, 2), tensorJSON("a", "U8", "[1]", 0, 1)), 7, 8)))
	wantSame(t, "a", got["a"].Data(), []uint8{7})
	wantSame(t, "b", got["b"].Data(), []uint8{8})
}

// TestClaimsAllocateNothing: a small file that claims large sizes is refused before memory is allocated.
func TestClaimsAllocateNothing(t *testing.T) {
	for _, content := range [][]byte{
		append(binary.LittleEndian.AppendUint64(nil, 100_000_000), '{'),
		file(headerOf(tensorJSON("a", "F64", "[250000000]", 0, 2_000_000_000)), 1),
	} {
		path := store(t, content)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := checkpoints.Open(path)
		runtime.ReadMemStats(&after)
		wantError(t, err)
		// Far below the 100 MB and 2 GB claimed, far above the memory for the error itself.
		if got := after.TotalAlloc - before.TotalAlloc; got > 1<<20 {
			t.Errorf("%q: %d bytes allocated, want less than 1 MiB", content[:20], got)
		}
	}
}

// FuzzOpen reads arbitrary bytes. Nothing panics. The tensors of an accepted file fill it exactly, and their memory is bounded by its
// size.
func FuzzOpen(f *testing.F) {
	for _, a := range attacks() {
		f.Add(a.content)
	}
	f.Add(file(headerOf(tensorJSON("a", "F16", "[2]", 0, 4), tensorJSON("b", "BOOL", "[1,1]", 4, 5)), 1, 2, 3, 4, 1))
	path := filepath.Join(f.TempDir(), "fuzz.safetensors")
	f.Fuzz(func(t *testing.T, content []byte) {
		check(t, os.WriteFile(path, content, 0o666))
		file, err := checkpoints.Open(path)
		if err != nil {
			return
		}
		defer file.Close()
		var total int64
		for _, name := range file.Names() {
			info, _ := file.Info(name)
			total += info.Bytes
			x, err := file.Tensor(name)
			if err != nil {
				if info.Dtype != checkpoints.Bool {
					t.Fatalf("%q was accepted but is not read: %v", name, err)
				}
				continue
			}
			if int64(len(x.Raw)) > 4*info.Bytes { // float32 from 8 bits is the widest
				t.Fatalf("%q: %d bytes in memory from %d", name, len(x.Raw), info.Bytes)
			}
		}
		if want := int64(len(content)) - 8 - int64(binary.LittleEndian.Uint64(content)); total != want {
			t.Fatalf("the tensors have %d bytes, the data %d", total, want)
		}
	})
}
