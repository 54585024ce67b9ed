package ops

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Do implements gorgonia.Op for plain Gorgonia machines. graph.Program calls Bind with its own memory instead.
func (o *Op) Do(in ...G.Value) (G.Value, error) {
	if o.dt == tensor.Float64 {
		return do[float64](o, in)
	}
	return do[float32](o, in)
}

func do[T kernel.Float](o *Op, in []G.Value) (G.Value, error) {
	args := make([]Arg[T], len(in))
	for i, v := range in {
		var err error
		if args[i], err = argOf[T](v); err != nil {
			return nil, errors.WithMessagef(err, "ops: %s: operand %d", o.Name, i)
		}
	}
	flat := make([]T, size(o.shape()))
	out, rest := make([]Arg[T], len(o.out)), flat
	for i, s := range o.out {
		out[i].F, rest = rest[:size(s)], rest[size(s):]
	}
	if o.Update {
		copy(out[0].F, args[0].F)
	}
	if err := Bind(o, args, out, make([]T, o.ScratchSize()))(); err != nil {
		return nil, errors.WithMessagef(err, "ops: %s", o.Name)
	}
	return valueOf(flat, o.shape()), nil
}

// argOf reads a Gorgonia value in place, or copies it if it is not contiguous.
func argOf[T kernel.Float](v G.Value) (Arg[T], error) {
	switch v := v.(type) {
	case *tensor.Dense:
		if v.RequiresIterator() || v.IsMasked() {
			v = v.Materialize().(*tensor.Dense)
		}
		return Arg[T]{F: floats[T](v), I: ints(v), Shape: v.Shape()}, nil
	case *G.F32:
		return Arg[T]{F: []T{T(*v)}}, nil
	case *G.F64:
		return Arg[T]{F: []T{T(*v)}}, nil
	}
	return Arg[T]{}, errors.Errorf("value of type %T, want a dense tensor or a float scalar", v)
}

func floats[T kernel.Float](t *tensor.Dense) []T {
	var f []T
	switch p := any(&f).(type) {
	case *[]float32:
		if t.Dtype() == tensor.Float32 {
			*p = t.Float32s()
		}
	case *[]float64:
		if t.Dtype() == tensor.Float64 {
			*p = t.Float64s()
		}
	}
	return f
}

func ints(t *tensor.Dense) []int32 {
	if t.Dtype() == tensor.Int32 {
		return t.Int32s()
	}
	return nil
}

func valueOf[T kernel.Float](flat []T, shape tensor.Shape) G.Value {
	if len(shape) > 0 {
		return tensor.New(tensor.WithShape(shape.Clone()...), tensor.WithBacking(flat))
	}
	switch f := any(flat).(type) {
	case []float32:
		return G.NewF32(f[0])
	case []float64:
		return G.NewF64(f[0])
	}
	panic("ops: valueOf: no such type") // Float has only these two types
}
