package train

import (
	"unsafe"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// checkFloats returns an error unless floats can return the elements of v.
func checkFloats(v G.Value) error {
	switch v := v.(type) {
	case nil:
		return errors.New("no value: run the program first")
	case *G.F32, *G.F64:
		return nil
	case *tensor.Dense:
		if v == nil {
			return errors.New("no value: run the program first")
		}
		if dt := v.Dtype(); dt != tensor.Float32 && dt != tensor.Float64 {
			return errors.Errorf("elements of %v, want float32 or float64", dt)
		}
		if v.RequiresIterator() {
			return errors.Errorf("tensor of shape %v is not contiguous: clone it", v.Shape())
		}
		return nil
	}
	return errors.Errorf("value of type %T, want a dense tensor or a scalar", v)
}

// floats returns the elements of v without copying. The caller has checked v with checkFloats, and its type is T.
func floats[T kernel.Float](v G.Value) []T {
	switch v := v.(type) {
	case *G.F32:
		return unsafe.Slice((*T)(unsafe.Pointer(v)), 1)
	case *G.F64:
		return unsafe.Slice((*T)(unsafe.Pointer(v)), 1)
	case *tensor.Dense:
		if v.Dtype() == tensor.Float32 {
			return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(v.Float32s()))), size(v))
		}
		return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(v.Float64s()))), size(v))
	}
	return nil
}

func size(v G.Value) int { return count(v.Shape()) }

// count returns the number of elements. Gorgonia's scalars have the empty shape.
func count(shape tensor.Shape) int {
	n := 1
	for _, d := range shape {
		n *= d
	}
	return n
}
