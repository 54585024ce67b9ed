package graph

import (
	"unsafe"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// bindForeign runs one of Gorgonia's operations into planned memory. If the operation allocates its result, the result is copied.
func (p *Program) bindForeign(s *step) func() error {
	in := make([]G.Value, len(s.in))
	for i, v := range s.in {
		in[i] = p.gorgoniaValue(v)
	}
	out := p.gorgoniaValue(s.out[0])
	op := s.node.Op()
	pre, ok := op.(G.UsePreallocDoer)
	if opType(op) == "linAlgBinOp" && len(s.out[0].shape) == 0 {
		ok = false // the product of two vectors cannot write into given memory
	}
	return func() error {
		var v G.Value
		var err error
		if ok {
			v, err = pre.UsePreallocDo(out, in...)
		} else {
			v, err = op.Do(in...)
		}
		if err != nil {
			return errors.Wrapf(err, "%v", op)
		}
		return assign(out, v)
	}
}

// gorgoniaValue returns a value in the form that Gorgonia's operations take: a scalar is a pointer to a number.
func (p *Program) gorgoniaValue(v value) G.Value {
	if len(v.shape) > 0 {
		return p.dense(v)
	}
	switch data := p.slice(v).(type) {
	case []float32:
		return (*G.F32)(unsafe.Pointer(&data[0]))
	case []float64:
		return (*G.F64)(unsafe.Pointer(&data[0]))
	}
	return p.dense(v)
}

// assign copies from into to unless both share memory.
func assign(to, from G.Value) error {
	if to.Uintptr() == from.Uintptr() {
		return nil
	}
	switch to := to.(type) {
	case *G.F32:
		switch f := from.(type) {
		case *G.F32:
			*to = *f
			return nil
		case *tensor.Dense: // with one element
			if f.Dtype() == tensor.Float32 && f.DataSize() == 1 {
				*to = G.F32(f.Float32s()[0])
				return nil
			}
		}
	case *G.F64:
		switch f := from.(type) {
		case *G.F64:
			*to = *f
			return nil
		case *tensor.Dense:
			if f.Dtype() == tensor.Float64 && f.DataSize() == 1 {
				*to = G.F64(f.Float64s()[0])
				return nil
			}
		}
	case *tensor.Dense:
		switch f := from.(type) {
		case *tensor.Dense:
			if f.DataSize() != to.DataSize() {
				break
			}
			if f.RequiresIterator() {
				f = f.Materialize().(*tensor.Dense)
			}
			return tensor.Copy(to, f)
		case G.Scalar: // a slice of one element
			if to.DataSize() == 1 && f.Dtype() == to.Dtype() {
				return to.Memset(f.Data())
			}
		}
	}
	return errors.Errorf("result %T of shape %v for %T of shape %v", from, from.Shape(), to, to.Shape())
}
