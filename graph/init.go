package graph

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Init is the initial value of a parameter. The zero value is zeros.
type Init struct {
	kind   initKind
	scale  float64
	padded bool
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

// Constant sets every element to v.
func Constant(v float64) Init { return Init{kind: constant, scale: v} }

// Ones is the Init of the weights of norms.
func Ones() Init { return Constant(1) }

// Normal draws from the normal distribution of mean 0 and standard deviation std.
func Normal(std float64) Init { return Init{kind: normal, scale: std} }

// Uniform draws uniformly from −bound … bound.
func Uniform(bound float64) Init { return Init{kind: uniform, scale: bound} }

// XavierUniform draws uniformly from ±√(6/(rows+columns)) of a matrix (Glorot and Bengio 2010).
func XavierUniform() Init { return Init{kind: xavier, scale: 1} }

// Padded returns i with zeros in the first row, for a table of embeddings whose id 0 pads.
func (i Init) Padded() Init {
	i.padded = true
	return i
}

// check returns an error if a parameter of this type and shape cannot have this initial value.
func (i Init) check(dt tensor.Dtype, shape []int) error {
	if err := checkShape(shape); err != nil {
		return errors.WithMessage(err, "parameter")
	}
	if i.kind == xavier && len(shape) != 2 {
		return errors.Errorf("parameter has shape %v but XavierUniform needs a matrix", tensor.Shape(shape))
	}
	if dt != tensor.Float32 && dt != tensor.Float64 {
		return errors.Errorf("parameters of type %v, want float32 or float64", dt)
	}
	return nil
}

// tensor makes the initial value, which depends only on seed, path and shape. The caller has called check.
func (i Init) tensor(dt tensor.Dtype, seed uint64, path string, shape []int) *tensor.Dense {
	t := newLarge(dt, shape)
	s := kernel.Seed{Key: kernel.Key(seed, path)}
	if dt == tensor.Float64 {
		fill(t.Float64s(), i, s, shape)
	} else {
		fill(t.Float32s(), i, s, shape)
	}
	return t
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
	if i.padded {
		clear(x[:len(x)/shape[0]])
	}
}

// maxElements bounds the size of a tensor, so that a mistake such as a product of two sizes is an error and no overflow.
const maxElements = min(1<<40, math.MaxInt/8)

// checkShape returns an error if no tensor can have the shape.
func checkShape(shape []int) error {
	if len(shape) == 0 {
		return errors.New("shape () has no axes: a single number has shape (1)")
	}
	for _, d := range shape {
		if d <= 0 {
			return errors.Errorf("shape %v: every axis must be at least 1", tensor.Shape(shape))
		}
	}
	if isLarge(shape) {
		return errors.Errorf("shape %v: more than %d elements", tensor.Shape(shape), maxElements)
	}
	return nil
}

// isLarge reports whether a shape has more than maxElements. A shape with an axis below 1 is not large.
func isLarge(shape []int) bool {
	n := 1
	for _, d := range shape {
		if d <= 0 {
			return false
		}
		if d > maxElements/n {
			return true
		}
		n *= d
	}
	return false
}
