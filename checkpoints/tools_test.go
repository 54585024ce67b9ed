package checkpoints_test

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// named is a tensor with its name; pairs makes a sequence of them in a fixed order.
type named struct {
	name string
	t    *tensor.Dense
}

func pairs(list ...named) checkpoints.Tensors {
	return iter.Seq2[string, *tensor.Dense](func(yield func(string, *tensor.Dense) bool) {
		for _, p := range list {
			if !yield(p.name, p.t) {
				return
			}
		}
	})
}

func dense(backing any, shape ...int) *tensor.Dense {
	return tensor.New(tensor.WithBacking(backing), tensor.WithShape(shape...))
}

// filled returns a float32 tensor whose elements all have one value.
func filled(value float32, shape ...int) *tensor.Dense {
	t := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(shape...))
	for i := range t.Float32s() {
		t.Float32s()[i] = value
	}
	return t
}

// file returns the bytes of a safetensors file by the specification.
func file(header string, data ...byte) []byte {
	return append(append(binary.LittleEndian.AppendUint64(nil, uint64(len(header))), header...), data...)
}

func store(t testing.TB, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.safetensors")
	if err := os.WriteFile(path, content, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func load(t testing.TB, path string) map[string]*tensor.Dense {
	t.Helper()
	all, err := checkpoints.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError fails the test unless err contains all parts.
func wantError(t testing.TB, err error, parts ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", parts)
	}
	for _, part := range parts {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("got error %q, want %q in it", err, part)
		}
	}
}

func wantSame(t testing.TB, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// wantFiles wants exactly these names in dir, hidden ones included.
func wantFiles(t testing.TB, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	check(t, err)
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("files in %s: got %q, want %q", dir, got, want)
	}
}

// shared returns the path of a file or folder in ../shared, next to the project. If it does not exist, the test is skipped.
func shared(t testing.TB, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	check(t, err)
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Skip("no go.mod above the working directory")
		}
		dir = parent
	}
	found := filepath.Join(dir, "..", "shared", path)
	if _, err := os.Stat(found); errors.Is(err, fs.ErrNotExist) {
		t.Skipf("%s is not here", found)
	}
	return found
}
