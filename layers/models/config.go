package models

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// activations maps the names of Hugging Face's ACT2FN to the kernels of the same formula. gelu_fast, gelu_accurate and
// gelu_python_tanh are gelu_new, written differently.
var activations = map[string]kernel.Activation{
	"sigmoid":           kernel.Sigmoid,
	"gelu":              kernel.GELU,
	"gelu_python":       kernel.GELU,
	"gelu_new":          kernel.GELUTanh,
	"gelu_fast":         kernel.GELUTanh,
	"gelu_accurate":     kernel.GELUTanh,
	"gelu_python_tanh":  kernel.GELUTanh,
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
	return 0, errors.Errorf("models: unknown activation %q, want one of %s", name, strings.Join(slices.Sorted(maps.Keys(activations)), ", "))
}

// field is the name and the value of a configuration's field.
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

func atMost(most int, model string, fields ...field[int]) error {
	for _, f := range fields {
		if f.value > most {
			return errors.Errorf("models: %s: %s is %d, want at most %d", model, f.name, f.value, most)
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

// magnitudes reports the first field that is negative or not finite in float32.
func magnitudes(model string, fields ...field[float64]) error {
	for _, f := range fields {
		if !(f.value >= 0 && f.value <= math.MaxFloat32) {
			return errors.Errorf("models: %s: %s is %g, want a number of at least 0 that is finite in float32", model, f.name, f.value)
		}
	}
	return nil
}

// heads reports an error unless dim is a multiple of heads.
func heads(model string, dim, heads int) error {
	if dim%heads != 0 {
		return errors.Errorf("models: %s: Dim %d does not divide into %d Heads", model, dim, heads)
	}
	return nil
}
