package folder_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// variants returns a small model of every family.
func variants() (list []models.LanguageModel) {
	for _, name := range []string{"gpt2", "mpt", "bloom"} {
		list = append(list, models.GPT{Family: name, Vocab: 7, Context: 6, Layers: 2, Heads: 2, Dim: 8, InitStd: 0.3, BOS: []int32{0}, EOS: []int32{0, 3}})
	}
	for _, name := range []string{"llama", "mistral", "qwen2", "qwen3", "gemma2", "gemma3_text"} {
		list = append(list, models.Llama{Family: name, Vocab: 7, Context: 6, Layers: 2, Heads: 2, KVHeads: 1, Dim: 8, InitStd: 0.3, BOS: []int32{0}, EOS: []int32{0, 3}})
	}
	return list
}

// reopened opens a folder with its weights and returns the logits.
func reopened(t *testing.T, dir string) (folder.Model, []float32) {
	t.Helper()
	m, err := folder.Open(dir)
	check(t, err)
	params, err := folder.Expect(dir, m)
	check(t, err)
	_, err = graph.Build(params, graph.Eval, m.Logits(1, 4))
	check(t, err)
	check(t, folder.Load(dir, m, params.All()))
	return m, logits(t, m, params)
}

// TestEveryFamily saves a model of every family with plain names, with wrapped names, with its tied matrix twice, and with it under the
// head's name only. Each folder opens and gives the same logits. A head with other values is read as an untied head.
func TestEveryFamily(t *testing.T) {
	for _, m := range variants() {
		want, err := folder.Causal(m)
		check(t, err)
		head, table := m.Tied()
		plain := func(name string) string { return name }
		_, params := saved(t, m, plain, nil)
		matrix := params.Value(table)
		other := matrix.Clone().(*tensor.Dense)
		other.Float32s()[3]++
		for name, c := range map[string]struct {
			rename func(string) string
			more   map[string]*tensor.Dense
		}{
			"plain":   {plain, nil},
			"wrapped": {func(name string) string { return "module._orig_mod." + name }, nil},
			"twice":   {plain, map[string]*tensor.Dense{head: matrix}},
			"alone":   {func(name string) string { return strings.Replace(name, table, head, 1) }, nil},
			"other":   {plain, map[string]*tensor.Dense{head: other}},
		} {
			dir, _ := saved(t, m, c.rename, c.more)
			got, y := reopened(t, dir)
			if got.Family != want.Family || got.KVHeads != want.KVHeads || got.Vocab != 7 || got.Positions != want.Positions || !slices.Equal(got.EOS, want.EOS) {
				t.Errorf("%s, %s: got %+v, want %+v", want.Family, name, got, want)
			}
			if same := slices.Equal(y, logits(t, m, params)); same != (name != "other") || untied(got) != (name == "other") {
				t.Errorf("%s, %s: untied %t and the same logits %t, want %t", want.Family, name, untied(got), same, name != "other")
			}
		}
	}
}

// TestDrops: dropout changes, and nothing else. Config.json is the same without it.
func TestDrops(t *testing.T) {
	for _, m := range variants() {
		was, err := folder.Causal(m)
		check(t, err)
		dropping := was.Drops(0.25)
		check(t, dropping.Check())
		before, after := t.TempDir(), t.TempDir()
		for dir, m := range map[string]folder.Model{before: was, after: dropping} {
			_, params := saved(t, m, func(name string) string { return name }, nil)
			check(t, checkpoints.SaveModel(dir, checkpoints.Model{Config: m, Weights: params.All()}))
		}
		x, err := os.ReadFile(filepath.Join(before, "config.json"))
		check(t, err)
		y, err := os.ReadFile(filepath.Join(after, "config.json"))
		check(t, err)
		if !strings.Contains(string(y), "0.25") || strings.Contains(string(x), "0.25") {
			t.Errorf("%s: got %s, want dropout 0.25", was.Family, y)
		}
		read, err := folder.ReadConfig(after)
		check(t, err)
		if again := read.Drops(0); again.Family != was.Family || again.Dim != was.Dim || again.KVHeads != was.KVHeads {
			t.Errorf("got %+v, want %+v", again, was)
		}
	}
}
