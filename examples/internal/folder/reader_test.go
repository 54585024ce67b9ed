package folder_test

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/gguftest"
	"github.com/gorgoformer/gorgoformer/graph"
)

// mapsFiles reports whether this system maps files into memory.
const mapsFiles = runtime.GOOS != "windows"

// reading opens a model without its weights and returns its Program.
func reading(t *testing.T, path string) (*folder.Reader, folder.Model, *graph.Program) {
	t.Helper()
	m, err := folder.Open(path)
	check(t, err)
	r, err := folder.NewReader(path, "", m, folder.Weights{}, folder.Use{Mode: graph.Eval, Declare: m.Logits(1, 4)})
	check(t, err)
	p, err := graph.Build(r.Params, graph.Eval, m.Logits(1, 4))
	check(t, err)
	return r, m, p
}

// TestReaderMaps: weights in the memory of their file have the values that reading gives, and writing them does not change the file.
func TestReaderMaps(t *testing.T) {
	dir := gpt2(t, nil)
	for _, path := range []string{dir, gguftest.Convert(t, dir)} {
		file := path
		if path == dir {
			file = filepath.Join(dir, "model.safetensors")
		}
		before, err := os.ReadFile(file)
		check(t, err)
		r, m, _ := reading(t, path)
		if zero := r.Params.Value("wte.weight").Float32s()[0] == 0; zero && mapsFiles {
			t.Errorf("%s: weights are not in the memory of the file before Load", path)
		}
		check(t, r.Load())
		want, err := folder.Expect(path, m)
		check(t, err)
		_, err = graph.Build(want, graph.Eval, m.Logits(1, 4))
		check(t, err)
		check(t, folder.Load(path, m, want.All()))
		for name, x := range want.All() {
			if got := r.Params.Value(name); !got.Shape().Eq(x.Shape()) || !bytes.Equal(got.Raw, x.Raw) {
				t.Errorf("%s: %s differs from the values that Load reads", path, name)
			}
			clear(r.Params.Value(name).Float32s())
		}
		after, err := os.ReadFile(file)
		check(t, err)
		if !bytes.Equal(before, after) {
			t.Errorf("%s: writing weights has changed the file", path)
		}
	}
}

// TestReaderUnexpected: a tensor that the model does not have is an error, also where all others are in the memory of the file.
func TestReaderUnexpected(t *testing.T) {
	dir := gpt2(t, map[string]*tensor.Dense{"extra": tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(2))})
	r, _, _ := reading(t, dir)
	if err := r.Load(); err == nil || !strings.Contains(err.Error(), "1 unexpected in the file: extra") {
		t.Errorf("got error %v, want one that names the tensor", err)
	}
}

// TestReaderCut: a Program over a file that another program cuts returns an error that says so, and the process goes on.
func TestReaderCut(t *testing.T) {
	if !mapsFiles {
		t.Skip("files are not mapped here")
	}
	dir := gpt2(t, nil)
	r, _, p := reading(t, dir)
	check(t, r.Load())
	check(t, os.Truncate(filepath.Join(dir, "model.safetensors"), 0))
	err := p.Run(graph.Feed{"tokens": tensor.New(tensor.WithShape(1, 4), tensor.WithBacking([]int32{1, 2, 3, 4}))})
	if err == nil || !strings.Contains(err.Error(), "a file of weights was cut while it was in use") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got error %v, want one line that says that the file was cut", err)
	}
}
