package graph

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Init is how a parameter begins. The zero value is zeros.
type Init struct {
	kind  initKind
	scale float64
}

type initKind uint8

const (
	constant initKind = iota
	normal
	uniform
	xavier
)

// Zeros is the Init of biases.
func Zeros() Init { return Init{} }

// Constant is the same value everywhere.
func Constant(v float64) Init { return Init{constant, v} }

// Ones is the Init of the weights of norms.
func Ones() Init { return Constant(1) }

// Normal draws from the normal distribution of mean 0 and this standard deviation.
func Normal(std float64) Init { return Init{normal, std} }

// Uniform draws evenly from −bound … bound.
func Uniform(bound float64) Init { return Init{uniform, bound} }

// XavierUniform draws evenly from ±√(6/(rows+columns)) of a matrix (Glorot and Bengio 2010).
func XavierUniform() Init { return Init{xavier, 1} }

// tensor makes the initial value, which depends on seed, path and shape alone.
func (i Init) tensor(dt tensor.Dtype, seed uint64, path string, shape []int) (*tensor.Dense, error) {
	if err := checkShape(shape); err != nil {
		return nil, errors.WithMessage(err, "parameter")
	}
	if i.kind == xavier && len(shape) != 2 {
		return nil, errors.Errorf("parameter has shape %v but XavierUniform needs a matrix", tensor.Shape(shape))
	}
	t := newLarge(dt, shape)
	s := kernel.Seed{Key: kernel.Key(seed, path)}
	switch dt {
	case tensor.Float32:
		fill(t.Float32s(), i, s, shape)
	case tensor.Float64:
		fill(t.Float64s(), i, s, shape)
	default:
		return nil, errors.Errorf("parameters of type %v, want float32 or float64", dt)
	}
	return t, nil
}

func fill[T kernel.Float](x []T, i Init, s kernel.Seed, shape []int) {
	switch i.kind {
	case constant:
		for j := range x {
			x[j] = T(i.scale)
		}
	case normal:
		kernel.Normal(x, s, 0, i.scale)
	case uniform:
		kernel.Uniform(x, s, -i.scale, i.scale)
	case xavier:
		bound := math.Sqrt(6 / float64(shape[0]+shape[1]))
		kernel.Uniform(x, s, -bound, bound)
	}
}

// maxElements bounds a tensor, so that a slip such as a product of two sizes is an error and not an overflow.
const maxElements = min(1<<40, math.MaxInt/8)

// checkShape says whether a tensor can have a shape.
func checkShape(shape []int) error {
	if len(shape) == 0 {
		return errors.New("shape () has no axes: a single number has shape (1)")
	}
	n := 1
	for _, d := range shape {
		switch {
		case d <= 0:
			return errors.Errorf("shape %v: every axis must be at least 1", tensor.Shape(shape))
		case d > maxElements/n:
			return errors.Errorf("shape %v: more than %d elements", tensor.Shape(shape), maxElements)
		}
		n *= d
	}
	return nil
}
