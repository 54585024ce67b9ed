package models

import (
	"math"
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

// field is a field of a configuration by name.
type field[T int | float64] struct {
	name  string
	value T
}

func atLeast(least int, model string, fields ...field[int]) error {
	for _, f := range fields {
		if f.value < least {
			return errors.Errorf("models: %s: %s is %d, want at least %d", model, f.name, f.value, least)
		}
	}
	return nil
}

func probabilities(model string, fields ...field[float64]) error {
	for _, f := range fields {
		if !(f.value >= 0 && f.value < 1) {
			return errors.Errorf("models: %s: %s is %g, want 0 ≤ p < 1", model, f.name, f.value)
		}
	}
	return nil
}

// magnitudes are numbers that are not negative and finite in float32.
func magnitudes(model string, fields ...field[float64]) error {
	for _, f := range fields {
		if !(f.value >= 0 && f.value <= math.MaxFloat32) {
			return errors.Errorf("models: %s: %s is %g, want a number of at least 0 that is finite in float32", model, f.name, f.value)
		}
	}
	return nil
}

// heads says whether the channels divide into them.
func heads(model string, dim, heads int) error {
	if dim%heads != 0 {
		return errors.Errorf("models: %s: Dim %d does not divide into %d Heads", model, dim, heads)
	}
	return nil
}
