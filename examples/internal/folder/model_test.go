package folder_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

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
	for _, lstm := range []bool{false, true} {
		list = append(list, models.RNN{LSTM: lstm, Vocab: 7, Context: 6, Layers: 2, Dim: 8, InitStd: 0.3, BOS: []int32{0}, EOS: []int32{0, 3}})
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
			if got.Family != want.Family || got.KVHeads != want.KVHeads || got.Vocab != 7 || got.Positions != want.Positions || got.Cell != want.Cell || !slices.Equal(got.EOS, want.EOS) {
				t.Errorf("%s, %s: got %+v, want %+v", want.Family, name, got, want)
			}
			if same := slices.Equal(y, logits(t, m, params)); same != (name != "other") || untied(got) != (name == "other") {
				t.Errorf("%s, %s: untied %t and the same logits %t, want %t", want.Family, name, untied(got), same, name != "other")
			}
		}
	}
}

// TestDrops: Drops changes config.json, and nothing but the dropout.
func TestDrops(t *testing.T) {
	config := func(m folder.Model) string {
		text, err := json.Marshal(m)
		check(t, err)
		return string(text)
	}
	for _, m := range variants() {
		was, err := folder.Causal(m)
		check(t, err)
		dropping := was.Drops(0.25)
		check(t, dropping.Check())
		if got := config(dropping); !strings.Contains(got, "0.25") || config(dropping.Drops(0)) != config(was) {
			t.Errorf("got %s after %s, want dropout 0.25 as the only change", got, config(was))
		}
	}
}

// TestReadConfig reads config.json alone: the ids of generation_config.json do not count.
func TestReadConfig(t *testing.T) {
	for _, m := range variants() {
		dir, _ := saved(t, m, func(name string) string { return name }, nil)
		check(t, os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(`{"eos_token_id": 5}`), 0o666))
		read, err := folder.ReadConfig(dir)
		check(t, err)
		opened, err := folder.Open(dir)
		check(t, err)
		if !slices.Equal(read.EOS, []int32{0, 3}) || !slices.Equal(opened.EOS, []int32{5}) {
			t.Errorf("%s: got EOS %v and %v, want 0 3 and 5", read.Family, read.EOS, opened.EOS)
		}
	}
}
