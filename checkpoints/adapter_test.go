package checkpoints_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// matrix returns a tensor of float32 with these numbers.
func matrix(rows, columns int, first float32) *tensor.Dense {
	x := make([]float32, rows*columns)
	for i := range x {
		x[i] = first + float32(i)
	}
	return tensor.New(tensor.WithShape(rows, columns), tensor.WithBacking(x))
}

// adapterOf returns a model that is an adapter, with A and B.
func adapterOf(base string) (checkpoints.Model, map[string]*tensor.Dense) {
	weights := map[string]*tensor.Dense{"q.lora_A.weight": matrix(2, 3, 1), "q.lora_B.weight": matrix(4, 2, 9)}
	return checkpoints.Model{
		Weights: maps.All(weights), Adapter: &checkpoints.Adapter{Config: map[string]any{"r": 2}, Base: base},
	}, weights
}

// TestAdapter: a saved adapter replaces a model in its folder and loads again, also from a checkpoint. Its base is compared.
func TestAdapter(t *testing.T) {
	dir := t.TempDir()
	check(t, checkpoints.SaveModel(dir, checkpoints.Model{Weights: maps.All(map[string]*tensor.Dense{"w": matrix(1, 1, 1)})}))
	if checkpoints.IsAdapter(dir) {
		t.Error("a whole model is called an adapter")
	}
	m, weights := adapterOf("0123abcd")
	check(t, checkpoints.SaveModel(dir, m))
	if _, err := os.Stat(filepath.Join(dir, "model.safetensors")); err == nil || !checkpoints.IsAdapter(dir) {
		t.Errorf("model.safetensors is left, or the folder is no adapter (%v)", err)
	}
	var config struct{ R int }
	check(t, checkpoints.ReadAdapterConfig(dir, &config))
	saved, err := checkpoints.Run{Dir: t.TempDir()}.Save(checkpoints.Checkpoint{Step: 3, Model: m})
	check(t, err)
	load := map[string]func(into map[string]*tensor.Dense) error{
		"LoadAdapter": func(into map[string]*tensor.Dense) error {
			return checkpoints.LoadAdapter(dir, maps.All(into), checkpoints.Rules{}, "0123abcd")
		},
		"Saved.Load": func(into map[string]*tensor.Dense) error {
			_, err := saved.Load(maps.All(into), nil)
			return err
		},
	}
	for name, load := range load {
		into := map[string]*tensor.Dense{"q.lora_A.weight": matrix(2, 3, 0), "q.lora_B.weight": matrix(4, 2, 0)}
		check(t, load(into))
		for path, w := range weights {
			if !slices.Equal(into[path].Float32s(), w.Float32s()) || config.R != 2 {
				t.Errorf("%s: got %v for %s, want %v; r is %d, want 2", name, into[path], path, w, config.R)
			}
		}
	}
}

// TestAdapterErrors: another base, another rank, a missing tensor and a folder without its weights are errors with both values.
func TestAdapterErrors(t *testing.T) {
	dir := t.TempDir()
	m, _ := adapterOf("0123abcd")
	check(t, checkpoints.SaveModel(dir, m))
	good := func() map[string]*tensor.Dense {
		return map[string]*tensor.Dense{"q.lora_A.weight": matrix(2, 3, 0), "q.lora_B.weight": matrix(4, 2, 0)}
	}
	rank, more, less := good(), good(), good()
	rank["q.lora_A.weight"] = matrix(1, 3, 0)
	more["v.lora_A.weight"] = matrix(2, 3, 0)
	delete(less, "q.lora_B.weight")
	for _, c := range []struct {
		into map[string]*tensor.Dense
		base string
		want []string
	}{
		{good(), "ffffffff", []string{"base model of checksum 0123abcd", "this base has ffffffff"}},
		{rank, "", []string{"q.lora_A.weight (shape [2 3] in the file, [1 3] in memory)"}},
		{more, "", []string{"1 missing in the file: v.lora_A.weight"}},
		{less, "", []string{"1 unexpected in the file: q.lora_B.weight"}},
	} {
		err := checkpoints.LoadAdapter(dir, maps.All(c.into), checkpoints.Rules{}, c.base)
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got error %v, want %q in it", err, want)
			}
		}
		if c.into["q.lora_A.weight"].Float32s()[1] != 1 {
			t.Errorf("%v: weights have changed", c.want)
		}
	}
	err := checkpoints.LoadWeights(dir, maps.All(map[string]*tensor.Dense{"w": matrix(1, 1, 0)}), checkpoints.Rules{})
	if err == nil || !strings.Contains(err.Error(), "the folder holds an adapter, not a whole model: merge it into its base first") {
		t.Errorf("got error %v from an adapter as a model", err)
	}
	check(t, os.Rename(filepath.Join(dir, "adapter_model.safetensors"), filepath.Join(dir, "adapter_model.bin")))
	if err := checkpoints.CheckBase(dir, ""); err == nil || !strings.Contains(err.Error(), "adapter_model.bin, a file of PyTorch") {
		t.Errorf("got error %v from weights of PyTorch", err)
	}
}

// TestSum: the checksum depends on names and values, not on the order.
func TestSum(t *testing.T) {
	a, b := matrix(1, 2, 1), matrix(2, 1, 5)
	ordered := func(names ...string) checkpoints.Tensors {
		return func(yield func(string, *tensor.Dense) bool) {
			for _, name := range names {
				if !yield(name, map[string]*tensor.Dense{"a": a, "b": b, "c": b}[name]) {
					return
				}
			}
		}
	}
	first := checkpoints.Sum(ordered("a", "b"))
	if got := checkpoints.Sum(ordered("b", "a")); got != first || len(first) != 8 {
		t.Errorf("in another order: got %s, want %s", got, first)
	}
	if got := checkpoints.Sum(ordered("a", "c")); got == first {
		t.Error("another name has the same checksum")
	}
	if a.Float32s()[0]++; checkpoints.Sum(ordered("a", "b")) == first {
		t.Error("another value has the same checksum")
	}
}
