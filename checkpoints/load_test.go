package checkpoints_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// TestDifferences: one error lists all differences, and no parameter changes.
func TestDifferences(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	check(t, checkpoints.Write(path, pairs(
		named{"same", filled(1, 2)},
		named{"turned", filled(1, 2, 3)},
		named{"ids", dense([]int64{1}, 1)},
		named{"extra.1", filled(1, 1)},
		named{"extra.2", filled(1, 1)}), nil))
	params := pairs(
		named{"same", filled(9, 2)}, named{"turned", filled(9, 3, 2)}, named{"ids", filled(9, 1)},
		named{"lost.1", filled(9, 1)}, named{"lost.2", filled(9, 1)}, named{"lost.3", filled(9, 1)})
	err := checkpoints.LoadWeights(path, params, checkpoints.Rules{})
	wantError(t, err, "checkpoints: load "+path, "6 parameters",
		"3 missing in the file: lost.1, lost.2, lost.3;", "2 unexpected in the file: extra.1, extra.2;",
		"2 of another shape or type: ids (I64 in the file does not convert to float32 in memory), turned (shape [2 3] in the file, [3 2] in memory)")
	wantUntouched(t, params, 9)
	if strings.Count(err.Error(), "\n") > 0 {
		t.Errorf("got %q, want one line", err)
	}
}

func TestManyDifferences(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	check(t, checkpoints.Write(path, pairs(), nil))
	var params []named
	for i := range 100 {
		params = append(params, named{fmt.Sprintf("h.%d", i), filled(0, 1)})
	}
	wantError(t, checkpoints.LoadWeights(path, pairs(params...), checkpoints.Rules{}), "100 missing", "h.0, h.1", "h.11, … and 88 more")
}

func TestNoParameters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	check(t, checkpoints.Write(path, weightsOf(1), nil))
	wantError(t, checkpoints.LoadWeights(path, pairs(), checkpoints.Rules{}), "no parameters", "build a graph first")
}

// TestRules loads a file with GPT-2's prefix and buffers into parameters with a new head.
func TestRules(t *testing.T) {
	path := filepath.Join(t.TempDir(), "model.safetensors")
	check(t, checkpoints.Write(path, pairs(
		named{"transformer.wte.weight", filled(1, 2, 2)},
		named{"transformer.h.0.attn.bias", filled(1, 1, 1, 4, 4)},
		named{"transformer.h.0.attn.masked_bias", filled(1)}), nil))
	wte, head := filled(9, 2, 2), filled(9, 3)
	params := pairs(named{"wte.weight", wte}, named{"score.weight", head})
	rules := checkpoints.Rules{
		Rename: func(name string) string { return strings.TrimPrefix(name, "transformer.") },
		Ignore: regexp.MustCompile(`\.attn\.(masked_)?bias$`).MatchString,
		Keep:   func(path string) bool { return path == "score.weight" },
	}
	check(t, checkpoints.LoadWeights(path, params, rules))
	wantSame(t, "wte.weight", wte.Data(), []float32{1, 1, 1, 1})
	wantSame(t, "score.weight", head.Data(), []float32{9, 9, 9})

	rules.Keep = nil
	wantError(t, checkpoints.LoadWeights(path, params, rules), "1 missing in the file: score.weight")
	rules.Ignore = nil
	wantError(t, checkpoints.LoadWeights(path, params, rules), "2 unexpected in the file: transformer.h.0.attn.bias, transformer.h.0.attn.masked_bias")
	rules.Rename = func(string) string { return "wte.weight" }
	wantError(t, checkpoints.LoadWeights(path, params, rules), "given twice: transformer.wte.weight and transformer.h.0.attn.")
}

// TestConvertedWeights loads every real type into float32 and float64 parameters.
func TestConvertedWeights(t *testing.T) {
	for dtype, data := range map[string][]byte{
		"F64": {0, 0, 0, 0, 0, 0, 0xf8, 0x3f}, "F32": {0, 0, 0xc0, 0x3f},
		"F16": {0, 0x3e}, "BF16": {0xc0, 0x3f}, "F8_E4M3": {0x3c}, "F8_E5M2": {0x3e},
	} {
		path := store(t, file(headerOf(tensorJSON("x", dtype, "[1]", 0, len(data))), data...))
		narrow := filled(0, 1)
		check(t, checkpoints.LoadWeights(path, pairs(named{"x", narrow}), checkpoints.Rules{}))
		wantSame(t, dtype, narrow.Data(), []float32{1.5})
		wide := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(1))
		check(t, checkpoints.LoadWeights(path, pairs(named{"x", wide}), checkpoints.Rules{}))
		wantSame(t, dtype, wide.Data(), []float64{1.5})
	}
}

// TestLongConversion converts tensors of odd lengths that need several pieces.
func TestLongConversion(t *testing.T) {
	const n = 12_347
	x := tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(n))
	for i := range x.Float64s() {
		x.Float64s()[i] = float64(i)
	}
	path := filepath.Join(t.TempDir(), "x.safetensors")
	check(t, checkpoints.Write(path, pairs(named{"x", x}), nil))
	y := filled(-1, n)
	check(t, checkpoints.LoadWeights(path, pairs(named{"x", y}), checkpoints.Rules{}))
	for i, got := range y.Float32s() {
		if got != float32(i) {
			t.Fatalf("element %d: got %v, want %d", i, got, i)
		}
	}
}

// TestReadWeights reads some tensors of a file and of shards.
func TestReadWeights(t *testing.T) {
	for _, shards := range []int64{0, 32} {
		dir := t.TempDir()
		check(t, checkpoints.SaveModel(dir, checkpoints.Model{Weights: weightsOf(3), ShardBytes: shards}))
		for name, want := range weightsOf(3) {
			got, err := checkpoints.ReadWeights(dir, func(n string) bool { return n == name })
			check(t, err)
			wantSame(t, "tensors", len(got), 1)
			wantSame(t, name, got[name].Data(), want.Data())
		}
	}
	_, err := checkpoints.ReadWeights(t.TempDir(), func(string) bool { return true })
	wantError(t, err, "no weights")
}
