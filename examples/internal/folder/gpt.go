// Package folder opens the folders of models, both trained by the examples and published.
package folder

import (
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"reflect"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
)

// GPT reads the configuration of the GPT-2 in a folder, as Hugging Face does. BOS and EOS of generation_config.json override
// config.json. A head that config.json ties to the embedding is untied if the file holds both with different values.
func GPT(dir string) (m models.GPT, err error) {
	if err := checkpoints.ReadConfig(dir, &m); err != nil {
		return m, err
	}
	var g models.Generation
	if err := checkpoints.ReadJSON(filepath.Join(dir, "generation_config.json"), &g); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return m, err
	}
	if len(g.BOS) > 0 {
		m.BOS = g.BOS
	}
	if len(g.EOS) > 0 {
		m.EOS = g.EOS
	}
	if !m.Untied {
		m.Untied, err = ownHead(dir, m)
	}
	return m, err
}

const head, table = "lm_head.weight", "wte.weight"

// ownHead reports whether the weights in a folder include a head that differs from the embedding.
func ownHead(dir string, m models.GPT) (bool, error) {
	paths, err := pathsIn(dir, m)
	if err != nil || !paths[head] || !paths[table] {
		return false, err
	}
	found, err := checkpoints.ReadWeights(dir, func(name string) bool { return m.Rename(name) == head || m.Rename(name) == table })
	if err != nil {
		return false, err
	}
	byPath := map[string]*tensor.Dense{}
	for name, x := range found {
		byPath[m.Rename(name)] = x
	}
	a, b := byPath[head], byPath[table]
	return !a.Shape().Eq(b.Shape()) || !reflect.DeepEqual(a.Data(), b.Data()), nil
}

// pathsIn returns the parameter paths of the tensors in a folder.
func pathsIn(dir string, m models.GPT) (map[string]bool, error) {
	paths := map[string]bool{}
	_, err := checkpoints.ReadWeights(dir, func(name string) bool {
		paths[m.Rename(name)] = true
		return false
	})
	return paths, err
}

// LoadGPT reads the weights in a folder into the parameters that a graph of m has declared. The error names every missing parameter,
// every unexpected tensor and every tensor of another shape.
func LoadGPT(dir string, m models.GPT, params checkpoints.Tensors) error {
	rules, err := rulesOf(dir, m)
	if err != nil {
		return err
	}
	return checkpoints.LoadWeights(dir, params, rules)
}

// ExpectGPT returns parameters for LoadGPT. A declaration fails at once if its shape differs from the file's.
func ExpectGPT(dir string, m models.GPT) (*graph.Params, error) {
	rules, err := rulesOf(dir, m)
	if err != nil {
		return nil, err
	}
	shapes, err := checkpoints.Shapes(dir, rules)
	if err != nil {
		return nil, err
	}
	params := graph.NewParams(tensor.Float32, 1)
	params.Expect(dir, shapes)
	return params, nil
}

// rulesOf returns the rules for reading the weights in a folder. The file may name a tied matrix after the head or the embedding.
func rulesOf(dir string, m models.GPT) (checkpoints.Rules, error) {
	rules := checkpoints.Rules{Rename: m.Rename, Ignore: m.Ignore}
	paths, err := pathsIn(dir, m)
	if !m.Untied && paths[head] && !paths[table] { // safetensors' save_model keeps only the first of two names
		rules.Rename = func(name string) string {
			if path := m.Rename(name); path != head {
				return path
			}
			return table
		}
	}
	return rules, err
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
