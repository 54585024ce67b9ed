package checkpoints_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// TestShapes: Shapes returns the shapes of the tensors that LoadWeights loads, from one file and from shards.
func TestShapes(t *testing.T) {
	weights := pairs(named{"m.a", filled(1, 2, 3)}, named{"m.b", filled(2, 4)}, named{"m.mask", filled(3, 5)})
	rules := checkpoints.Rules{
		Rename: func(name string) string { return strings.TrimPrefix(name, "m.") },
		Ignore: func(name string) bool { return name == "mask" },
	}
	for _, shard := range []int64{0, 20} {
		dir := filepath.Join(t.TempDir(), "model")
		if err := checkpoints.SaveModel(dir, checkpoints.Model{Weights: weights, ShardBytes: shard}); err != nil {
			t.Fatal(err)
		}
		got, err := checkpoints.Shapes(dir, rules)
		if want := map[string][]int{"a": {2, 3}, "b": {4}}; err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %v, error %v, want %v", got, err, want)
		}
	}
	if _, err := checkpoints.Shapes(filepath.Join(t.TempDir(), "none"), rules); err == nil || !strings.Contains(err.Error(), "none") {
		t.Errorf("got error %v, want one that names the folder", err)
	}
}
