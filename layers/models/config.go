package models

import (
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// activations are Hugging Face's names.
var activations = map[string]kernel.Activation{
	"gelu":              kernel.GELU,
	"gelu_new":          kernel.GELUTanh,
	"gelu_pytorch_tanh": kernel.GELUTanh,
	"relu":              kernel.ReLU,
	"silu":              kernel.SiLU,
	"swish":             kernel.SiLU,
	"tanh":              kernel.Tanh,
}

func activation(name string) (kernel.Activation, error) {
	if act, ok := activations[name]; ok {
		return act, nil
	}
	names := make([]string, 0, len(activations))
	for n := range activations {
		names = append(names, n)
	}
	slices.Sort(names)
	return 0, errors.Errorf("models: there is no activation %q: the activations are %s", name, strings.Join(names, ", "))
}

type field struct {
	name  string
	value int
}

func positive(model string, fields ...field) error {
	for _, f := range fields {
		if f.value <= 0 {
			return errors.Errorf("models: %s: %s is %d, want at least 1", model, f.name, f.value)
		}
	}
	return nil
}

func probabilities(model string, ps ...float64) error {
	for _, p := range ps {
		if !(p >= 0 && p < 1) {
			return errors.Errorf("models: %s: dropout %g is not in 0 ≤ p < 1", model, p)
		}
	}
	return nil
}
