package checkpoints_test

import (
	"encoding/json"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

type config struct {
	Layers int    `json:"n_layer"`
	Name   string `json:"model_type"`
}

// weightsOf returns three weights of 32, 16 and 8 bytes whose elements all have one value.
func weightsOf(value float32) checkpoints.Tensors {
	return pairs(
		named{"wte.weight", filled(value, 4, 2)},
		named{"h.0.attn.c_attn.weight", filled(value, 2, 2)},
		named{"h.0.attn.c_attn.bias", filled(value, 2)})
}

// wantWeights wants path to hold weightsOf(value).
func wantWeights(t testing.TB, path string, value float32) {
	t.Helper()
	w := weightsOf(-1)
	check(t, checkpoints.LoadWeights(path, w, checkpoints.Rules{}))
	for name, x := range w {
		for _, got := range x.Float32s() {
			if got != value {
				t.Fatalf("%s: %s: got %v, want %v", path, name, x.Float32s(), value)
			}
		}
	}
}

func TestSaveModel(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out", "model")
	m := checkpoints.Model{
		Config:  config{Layers: 2, Name: "<gpt2>"},
		Weights: weightsOf(3),
		Files:   map[string][]byte{"tokenizer.json": []byte("{}"), "vocab.txt": []byte("a\nb\n")},
	}
	check(t, checkpoints.SaveModel(dir, m))
	wantFiles(t, dir, "config.json", "model.safetensors", "tokenizer.json", "vocab.txt")
	wantText(t, filepath.Join(dir, "config.json"), "{\n  \"n_layer\": 2,\n  \"model_type\": \"<gpt2>\"\n}\n")
	wantText(t, filepath.Join(dir, "vocab.txt"), "a\nb\n")
	wantWeights(t, dir, 3)
	wantWeights(t, filepath.Join(dir, "model.safetensors"), 3)
	f, err := checkpoints.Open(filepath.Join(dir, "model.safetensors"))
	check(t, err)
	defer f.Close()
	wantSame(t, "metadata", f.Metadata(), map[string]string{"format": "pt"})
	wantSame(t, "order", f.Names(), []string{"wte.weight", "h.0.attn.c_attn.weight", "h.0.attn.c_attn.bias"})

	var c config
	check(t, checkpoints.ReadConfig(dir, &c))
	wantSame(t, "config", c, config{2, "<gpt2>"})
}

// TestShards: the division and the index are right, and saving over any other layout leaves only the new weights.
func TestShards(t *testing.T) {
	dir := t.TempDir()
	save := func(value float32, limit int64) {
		t.Helper()
		check(t, checkpoints.SaveModel(dir, checkpoints.Model{Weights: weightsOf(value), ShardBytes: limit}))
		wantWeights(t, dir, value)
	}
	check(t, os.WriteFile(filepath.Join(dir, "README.md"), []byte("mine"), 0o666))
	save(1, 0)
	wantFiles(t, dir, "README.md", "model.safetensors")
	save(2, 24) // 32 has its own shard, 16 + 8 share another
	wantFiles(t, dir, "README.md", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "model.safetensors.index.json")
	var index struct {
		Metadata  map[string]int64  `json:"metadata"`
		WeightMap map[string]string `json:"weight_map"`
	}
	text, err := os.ReadFile(filepath.Join(dir, "model.safetensors.index.json"))
	check(t, err)
	check(t, json.Unmarshal(text, &index))
	wantSame(t, "total size", index.Metadata, map[string]int64{"total_size": 56})
	wantSame(t, "weight map", index.WeightMap, map[string]string{
		"wte.weight":             "model-00001-of-00002.safetensors",
		"h.0.attn.c_attn.weight": "model-00002-of-00002.safetensors",
		"h.0.attn.c_attn.bias":   "model-00002-of-00002.safetensors"})
	save(3, 23)
	wantFiles(t, dir, "README.md", "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
		"model-00003-of-00003.safetensors", "model.safetensors.index.json")
	save(4, 48)
	save(5, 56)
	wantFiles(t, dir, "README.md", "model.safetensors")
}

// TestDamagedShards: an index that disagrees with the shards is refused, and so is a name outside the folder.
func TestDamagedShards(t *testing.T) {
	for _, c := range []struct {
		damage func(dir string) error
		want   []string
	}{
		{func(dir string) error { return os.Remove(filepath.Join(dir, "model-00002-of-00002.safetensors")) },
			[]string{"model-00002-of-00002.safetensors", "no such file"}},
		{func(dir string) error { return os.Remove(filepath.Join(dir, "model.safetensors.index.json")) }, []string{"no weights"}},
		{index(`{"weight_map":{"wte.weight":"../../secret.safetensors"}}`), []string{"wte.weight", "secret", "outside"}},
		{index(`{"weight_map":{"wte.weight":"model-00002-of-00002.safetensors"}}`), []string{"wte.weight", "none of the shards"}},
		{index(`{"weight_map":{"wte.weight":"model-00002-of-00002.safetensors","h.0.attn.c_attn.bias":"model-00001-of-00002.safetensors"}}`),
			[]string{"is in model-0000", "want it in model-0000"}},
		{index(`{"weight_map":{}}`), []string{"empty weight_map"}},
		{index(`{"weight_map":`), []string{"index.json", "JSON"}},
		{func(dir string) error {
			return os.Link(filepath.Join(dir, "model-00001-of-00002.safetensors"), filepath.Join(dir, "copy.safetensors"))
		}, nil}, // not named by the index: not read
		{func(dir string) error {
			shard := filepath.Join(dir, "model-00002-of-00002.safetensors")
			return checkpoints.Write(shard, pairs(named{"wte.weight", filled(1, 4, 2)}), nil)
		}, []string{"wte.weight", "is in", "and in"}},
	} {
		dir := t.TempDir()
		check(t, checkpoints.SaveModel(dir, checkpoints.Model{Weights: weightsOf(1), ShardBytes: 32}))
		check(t, c.damage(dir))
		w := weightsOf(9)
		err := checkpoints.LoadWeights(dir, w, checkpoints.Rules{})
		if c.want == nil {
			check(t, err)
			continue
		}
		wantError(t, err, append(c.want, dir)...)
		wantUntouched(t, w, 9)
	}
}

func index(text string) func(dir string) error {
	return func(dir string) error {
		return os.WriteFile(filepath.Join(dir, "model.safetensors.index.json"), []byte(text), 0o666)
	}
}

func wantUntouched(t testing.TB, w checkpoints.Tensors, value float32) {
	t.Helper()
	for name, x := range w {
		for _, got := range x.Float32s() {
			if got != value {
				t.Fatalf("%s was changed to %v, want %v", name, got, value)
			}
		}
	}
}

// TestSaveModelErrors: a failed save leaves the folder unchanged.
func TestSaveModelErrors(t *testing.T) {
	dir := t.TempDir()
	check(t, checkpoints.SaveModel(dir, checkpoints.Model{Config: config{Layers: 1}, Weights: weightsOf(1)}))
	for _, c := range []struct {
		m    checkpoints.Model
		want []string
	}{
		{checkpoints.Model{}, []string{"without weights"}},
		{checkpoints.Model{Config: math.NaN(), Weights: weightsOf(2)}, []string{"config.json", "NaN"}},
		{checkpoints.Model{Config: config{Layers: 9}, Weights: pairs(named{"a", nil})}, []string{"model.safetensors", `"a"`}},
		{checkpoints.Model{Weights: weightsOf(2), Files: map[string][]byte{"../x": nil}}, []string{"../x", "plain name"}},
		{checkpoints.Model{Weights: weightsOf(2), Files: map[string][]byte{".x": nil}}, []string{".x", "plain name"}},
		{checkpoints.Model{Weights: weightsOf(2), Files: map[string][]byte{"": nil}}, []string{`""`, "plain name"}},
		{checkpoints.Model{Weights: weightsOf(2), Files: map[string][]byte{"config.json": nil}}, []string{"config.json", "reserved"}},
		{checkpoints.Model{Weights: weightsOf(2), Files: map[string][]byte{"model-00001-of-00002.safetensors": nil}}, []string{"reserved"}},
	} {
		wantError(t, checkpoints.SaveModel(dir, c.m), append(c.want, "checkpoints: ", dir)...)
		wantFiles(t, dir, "config.json", "model.safetensors")
		wantWeights(t, dir, 1)
	}
	var c config
	check(t, checkpoints.ReadConfig(dir, &c))
	wantSame(t, "config", c.Layers, 1)
}

func TestReadConfigErrors(t *testing.T) {
	dir := t.TempDir()
	var c config
	err := checkpoints.ReadConfig(dir, &c)
	wantError(t, err, "checkpoints: ", "config.json")
	wantIs(t, err, fs.ErrNotExist)
	check(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(`{"n_layer": 1`), 0o666))
	wantError(t, checkpoints.ReadConfig(dir, &c), "config.json", "JSON")
}

// TestRealModels loads published folders, saves them, and loads them again with the same bits.
func TestRealModels(t *testing.T) {
	for _, name := range []string{"tiny_bert", "stories260K"} {
		from := filepath.Join(shared(t, "models"), name)
		first := load(t, filepath.Join(from, "model.safetensors"))
		dir := t.TempDir()
		check(t, checkpoints.SaveModel(dir, checkpoints.Model{Weights: maps.All(first), ShardBytes: 100_000}))
		second := map[string]*tensor.Dense{}
		for path, x := range first {
			second[path] = tensor.New(tensor.Of(x.Dtype()), tensor.WithShape(x.Shape()...))
		}
		check(t, checkpoints.LoadWeights(dir, maps.All(second), checkpoints.Rules{}))
		for path, x := range first {
			wantSame(t, name+" "+path, second[path].Raw, x.Raw)
		}
		var c struct {
			Hidden int `json:"hidden_size"`
		}
		check(t, checkpoints.ReadConfig(from, &c))
		if c.Hidden == 0 {
			t.Errorf("%s: got no hidden_size in its config.json", name)
		}
	}
}
