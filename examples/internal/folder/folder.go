// Package folder opens models, both trained by the examples and published: folders and GGUF files.
package folder

import (
	"encoding/json"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
)

// Open reads the configuration of the causal language model in a GGUF file or in a folder, there as Hugging Face does: see [models.Open]. A head that
// config.json ties to the embedding is untied if the file holds both with different values.
//
// If the folder holds an adapter, Open reads the configuration of its base model.
//
// It is an error if the folder has a model of another kind, such as a classifier. The error lists the causal families.
func Open(dir string) (Model, error) {
	dir, err := adapter.Base(dir)
	if err != nil {
		return Model{}, err
	}
	if flags.IsGGUF(dir) {
		return openCausal(dir)
	}
	for _, name := range []string{"config.json", "generation_config.json"} { // names a file that is no JSON, or no text
		var any json.RawMessage
		if err := checkpoints.ReadJSON(filepath.Join(dir, name), &any); err != nil && (name == "config.json" || !errors.Is(err, fs.ErrNotExist)) {
			return Model{}, err
		}
	}
	opened, err := models.Open(dir)
	if err != nil {
		return Model{}, err
	}
	m, err := Causal(opened)
	if err != nil {
		return m, errors.WithMessage(err, dir)
	}
	own, err := ownHead(dir, m)
	if own {
		m = m.untied()
	}
	return m, err
}

// ReadConfig reads only config.json, as a run wrote it.
func ReadConfig(dir string) (Model, error) {
	var config json.RawMessage
	if err := checkpoints.ReadConfig(dir, &config); err != nil {
		return Model{}, err
	}
	parsed, err := models.Parse(config)
	if err != nil {
		return Model{}, errors.WithMessage(err, dir)
	}
	m, err := Causal(parsed)
	return m, errors.WithMessage(err, dir)
}

// ownHead reports whether m has a tied head, but the weights in a folder include a head that differs from the embedding.
func ownHead(dir string, m Model) (bool, error) {
	head, table := m.Tied()
	if head == "" {
		return false, nil
	}
	names, err := Names(dir)
	paths := map[string]bool{}
	for _, name := range names {
		paths[m.Rename(name)] = true
	}
	if err != nil || !paths[head] || !paths[table] {
		return false, err
	}
	w, err := checkpoints.OpenWeights(dir, checkpoints.Rules{Rename: m.Rename})
	if err != nil {
		return false, err
	}
	defer w.Close()
	shapes := w.Shapes()
	if !slices.Equal(shapes[head], shapes[table]) {
		return true, nil
	}
	return differ(w, head, table, tensor.Shape(shapes[head]).TotalSize())
}

// differ reports whether two parameters of n values differ. It reads them in parts.
func differ(w *checkpoints.Weights, one, other string, n int) (bool, error) {
	a, b := make([]float32, min(n, 1<<18)), make([]float32, min(n, 1<<18))
	for at := 0; at < n; at += len(a) {
		a, b = a[:min(len(a), n-at)], b[:min(len(a), n-at)]
		if err := w.ReadValues(one, at, a); err != nil {
			return false, err
		}
		if err := w.ReadValues(other, at, b); err != nil || !slices.Equal(a, b) {
			return err == nil, err
		}
	}
	return false, nil
}

// Names returns the names of the tensors in a folder.
func Names(dir string) (names []string, err error) {
	_, err = checkpoints.ReadWeights(dir, func(name string) bool {
		names = append(names, name)
		return false
	})
	return names, err
}

// Load reads the weights in a folder or a GGUF file into the parameters that a graph of m has declared. The error names every missing parameter,
// every unexpected tensor and every tensor of another shape. If the folder holds an adapter, Load merges it into its base.
func Load(dir string, m models.Model, params checkpoints.Tensors) error {
	return load(dir, m, params, func(string) bool { return false })
}

// load reads the weights, without those that are there already: in few bits or in a mapped file.
func load(dir string, m models.Model, params checkpoints.Tensors, there func(path string) bool) error {
	if _, err := adapter.Base(dir); err != nil { // the chain of adapters ends
		return err
	}
	base, err := adapter.Below(dir)
	if err != nil {
		return err
	}
	if base != dir {
		if err := load(base, m, params, there); err != nil {
			return err
		}
		return adapter.Merge(dir, m, params)
	}
	if flags.IsGGUF(dir) {
		return loadGGUF(dir, m, without(params, there), there)
	}
	rules, err := rulesOf(dir, m)
	if err != nil {
		return err
	}
	floats := map[string]bool{}
	for path := range params {
		floats[path] = true
	}
	rules.Ignore = func(path string) bool { return m.Ignore(path) || there(path) && !floats[path] }
	rules.There = there
	return checkpoints.LoadWeights(dir, params, rules)
}

// without returns the tensors whose path is not there already.
func without(all checkpoints.Tensors, there func(path string) bool) checkpoints.Tensors {
	return func(yield func(string, *tensor.Dense) bool) {
		for path, t := range all {
			if !there(path) && !yield(path, t) {
				return
			}
		}
	}
}

// Expect returns parameters for Load. A declaration fails at once if its shape differs from the file's.
func Expect(dir string, m models.Model) (*graph.Params, error) {
	params := graph.NewParams(tensor.Float32, 1)
	return params, ExpectIn(params, dir, m)
}

// ExpectIn is Expect for existing parameters.
func ExpectIn(params *graph.Params, dir string, m models.Model) error {
	dir, err := adapter.Base(dir)
	if err != nil {
		return err
	}
	shapes, err := shapesOf(dir, m)
	if err != nil {
		return err
	}
	params.Expect(dir, shapes)
	return nil
}

// shapesOf returns the shapes of the parameters in a folder or a GGUF file.
func shapesOf(dir string, m models.Model) (map[string][]int, error) {
	if flags.IsGGUF(dir) {
		f, form, err := formOf(dir, m)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return form.Shapes(f), nil
	}
	rules, err := rulesOf(dir, m)
	if err != nil {
		return nil, err
	}
	return checkpoints.Shapes(dir, rules)
}

// rulesOf returns the rules for reading the weights in a folder. The file may name a tied matrix after the head or the embedding.
func rulesOf(dir string, m models.Model) (checkpoints.Rules, error) {
	names, err := Names(dir)
	return checkpoints.Rules{Rename: models.Rename(m, names), Ignore: m.Ignore}, err
}

// Allow returns a copy of bias that also forbids every id below vocab without a token, with -∞. Such ids exist if a vocabulary is padded
// to a round number or has gaps.
func Allow(bias map[int32]float32, tok *tokenize.Tokenizer, vocab int) map[int32]float32 {
	all := map[int32]float32{}
	maps.Copy(all, bias)
	for id := range int32(vocab) {
		if _, ok := tok.IDToToken(id); !ok {
			all[id] = float32(math.Inf(-1))
		}
	}
	return all
}
