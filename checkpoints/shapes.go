package checkpoints

import (
	"slices"

	"github.com/pkg/errors"
)

// Shapes reads the shapes of the tensors in a model folder, or in one safetensors file, by the parameters' paths that [LoadWeights]
// would use. It reads no data. graph.Params.Expect compares a model with these shapes before allocating memory.
func Shapes(path string, rules Rules) (map[string][]int, error) {
	w, err := openWeights(path)
	if err != nil {
		return nil, errors.WithMessagef(err, "checkpoints: shapes of %s", path)
	}
	defer w.close()
	shapes := make(map[string][]int, len(w.names))
	for _, name := range w.names {
		if path, ignored := rules.apply(name); !ignored {
			shapes[path] = slices.Clone(w.of[name].header.infos[name].Shape)
		}
	}
	return shapes, nil
}
