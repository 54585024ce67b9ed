package folder_test

import (
	"os"
	"path/filepath"
	"testing"
	"unicode"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/checkpoints/gguf"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/gguftest"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// gpt2 writes a small GPT-2 with more weights to a folder.
func gpt2(t *testing.T, more map[string]*tensor.Dense) string {
	t.Helper()
	tok, err := trainer.BPE{VocabSize: 300}.Train(func(yield func(string) bool) { yield("a cat and a dog") })
	check(t, err)
	files, err := tok.ModelFiles()
	check(t, err)
	m := models.GPT{Vocab: tok.VocabSize(), Context: 8, Layers: 1, Heads: 2, Dim: 32}
	params := graph.NewParams(tensor.Float32, 1)
	_, err = graph.Build(params, graph.Eval, m.Logits(1, 4))
	check(t, err)
	all := func(yield func(string, *tensor.Dense) bool) {
		for name, x := range params.All() {
			if !yield(name, x) {
				return
			}
		}
		for name, x := range more {
			if !yield(name, x) {
				return
			}
		}
	}
	dir := filepath.Join(t.TempDir(), "model")
	check(t, checkpoints.SaveModel(dir, checkpoints.Model{Config: m, Weights: all, Files: files}))
	return dir
}

// TestPositionsStay: -weights leaves tables of positions as they are in the file, in a folder and in a GGUF file.
func TestPositionsStay(t *testing.T) {
	dir := gpt2(t, nil)
	for _, path := range []string{dir, gguftest.Convert(t, dir)} {
		m, err := folder.Open(path)
		check(t, err)
		var w folder.Weights
		check(t, w.UnmarshalText([]byte("q8_0")))
		r, err := folder.NewReader(path, "", m, w, folder.Use{Mode: graph.Decode, Declare: m.Decode(1, 1)})
		check(t, err)
		params := r.Params
		if params.Packed("wte.weight") == nil || params.Packed("wpe.weight") != nil {
			t.Errorf("%s: packed embeddings %t and positions %t, want true and false", path, params.Packed("wte.weight") != nil, params.Packed("wpe.weight") != nil)
		}
	}
}

// TestControlCharacters: no name of a tensor or a key in a file reaches an error, and so the terminal, with its control characters.
func TestControlCharacters(t *testing.T) {
	evil := "\x1b[31mred\a\x00"
	x := tensor.New(tensor.WithShape(1), tensor.WithBacking([]float32{1}))
	dir := gpt2(t, map[string]*tensor.Dense{evil: x})
	one := func(name string, shape ...int) string {
		path := filepath.Join(t.TempDir(), "evil.gguf")
		f, err := gguf.Open(gguftest.Convert(t, gpt2(t, nil)))
		check(t, err)
		defer f.Close()
		tensors := []gguf.Tensor{{Name: name, Type: gguf.F32, Shape: shape, Values: func() ([]float32, error) { return make([]float32, 1), nil }}}
		for _, n := range f.Names() {
			shape, _ := f.Shape(n)
			tensors = append(tensors, gguf.Tensor{Name: n, Type: gguf.F32, Shape: shape, Values: func() ([]float32, error) { return f.Values(n) }})
		}
		keys := f.Metadata()
		keys["k"+evil] = "v"
		check(t, gguf.Write(path, keys, tensors))
		return path
	}
	unknown := filepath.Join(t.TempDir(), "unknown.gguf")
	check(t, gguf.Write(unknown, map[string]any{"general.architecture": evil}, nil))
	broken := filepath.Join(t.TempDir(), "broken.gguf")
	data, err := os.ReadFile(one(evil, 1))
	check(t, err)
	check(t, os.WriteFile(broken, data[:len(data)-64], 0o666))
	for _, path := range []string{dir, one(evil, 1), one("blk.0."+evil, 1), unknown, broken} {
		err := opened(path)
		if err == nil {
			t.Errorf("%s: got no error", path)
			continue
		}
		for _, r := range err.Error() {
			if unicode.IsControl(r) {
				t.Errorf("%s: got error %q with a control character", path, err)
				break
			}
		}
	}
}

// opened opens the model at a path with its weights.
func opened(path string) error {
	m, err := folder.Open(path)
	if err != nil {
		return err
	}
	params, err := folder.Expect(path, m)
	if err != nil {
		return err
	}
	if _, err := graph.Build(params, graph.Eval, m.Logits(1, 4)); err != nil {
		return err
	}
	return folder.Load(path, m, params.All())
}
