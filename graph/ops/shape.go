package ops

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// maxAxes is the largest number of axes in the kernels for strided data.
const maxAxes = 6

// Reshape gives x another shape of the same size. One axis may be -1, which is then computed. No data moves.
func Reshape(x *G.Node, shape ...int) (*G.Node, error) {
	if x == nil {
		return nil, errors.New("ops: reshape: operand is nil")
	}
	old := x.Shape()
	shape = slices.Clone(shape) // keep the caller's slice unchanged
	known, free := 1, -1
	for i, d := range shape {
		switch {
		case d == -1 && free < 0:
			free = i
		case d < 0:
			return nil, errors.Errorf("ops: reshape: %v into %v: axis %d is %d", old, shape, i, d)
		default:
			known *= d
		}
	}
	if free >= 0 && known > 0 {
		shape[free] = size(old) / known
		known *= shape[free]
	}
	if known != size(old) {
		return nil, errors.Errorf("ops: reshape: %v of %d elements into %v of %d", old, size(old), shape, known)
	}
	if slices.Equal(old, shape) {
		return x, nil
	}
	back := func(_, d *G.Node) (*G.Node, error) { return Reshape(d, old...) }
	if x.Dtype() == tensor.Int32 {
		back = nil
	}
	return view(View{shape: shape, name: "Reshape", grad: back}, x)
}

// Transpose permutes the axes of x: axis i of the result is axis axes[i] of x.
func Transpose(x *G.Node, axes ...int) (*G.Node, error) {
	if x == nil {
		return nil, errors.New("ops: transpose: operand is nil")
	}
	inverse := make([]int, len(axes))
	seen := make([]bool, len(axes))
	for i, a := range axes {
		if len(axes) != x.Dims() || a < 0 || a >= len(axes) || seen[a] {
			return nil, errors.Errorf("ops: transpose: axes %v are not a permutation of the %d axes of %v", axes, x.Dims(), x.Shape())
		}
		seen[a], inverse[a] = true, i
	}
	if len(axes) == 0 || len(axes) > maxAxes {
		return nil, errors.Errorf("ops: transpose: %d axes of %v, want 1 to %d", len(axes), x.Shape(), maxAxes)
	}
	axes = slices.Clone(axes)
	d := Def{
		Name:  "Transpose",
		Attrs: []any{axes},
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			s := make(tensor.Shape, len(axes))
			for i, a := range axes {
				s[i] = in[0][a]
			}
			return []tensor.Shape{s}, nil
		},
		Forward: Kernel{transpose[float32](axes), transpose[float64](axes)},
		Grad: func(d Derivation) ([]*G.Node, error) {
			n, err := Transpose(d.D, inverse...)
			return []*G.Node{n}, err
		},
	}
	return New(d, x)
}

func transpose[T kernel.Float](axes []int) func(*Call[T]) error {
	return func(c *Call[T]) error {
		kernel.Transpose(c.Out[0].F, c.In[0].F, c.In[0].Shape, axes)
		return nil
	}
}

// Slice returns the elements lo ≤ i < hi of one axis of x. A slice of the leading axis moves no data.
func Slice(x *G.Node, axis, lo, hi int) (*G.Node, error) {
	if x == nil {
		return nil, errors.New("ops: slice: operand is nil")
	}
	s := x.Shape()
	if axis < 0 || axis >= len(s) || lo < 0 || lo >= hi || hi > s[axis] {
		return nil, errors.Errorf("ops: slice: [%d:%d] of axis %d of %v is empty or out of range", lo, hi, axis, s)
	}
	if lo == 0 && hi == s[axis] {
		return x, nil
	}
	cut := s.Clone()
	cut[axis] = hi - lo
	if size(s[:axis]) == 1 {
		grad := func(x, d *G.Node) (*G.Node, error) { return New(pad(x.Shape(), axis, lo), d) }
		if x.Dtype() == tensor.Int32 {
			grad = nil
		}
		return view(View{shape: cut, offset: lo * size(s[axis+1:]), name: "Slice", grad: grad}, x)
	}
	return New(Def{
		Name:    "Slice",
		Attrs:   []any{axis, lo, hi},
		Shapes:  func([]tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{cut}, nil },
		Forward: Kernel{slice[float32](axis, lo), slice[float64](axis, lo)},
		Grad: func(d Derivation) ([]*G.Node, error) {
			n, err := d.result(pad(s, axis, lo), d.D)
			return []*G.Node{n}, err
		},
	}, x)
}

func slice[T kernel.Float](axis, lo int) func(*Call[T]) error {
	return func(c *Call[T]) error {
		x, y := c.In[0], c.Out[0]
		copyPart(part[T]{y.F, y.Shape, 0}, part[T]{x.F, x.Shape, lo}, axis, y.Shape[axis])
		return nil
	}
}

// pad copies its operand to index lo of an axis of a tensor of zeros. It is the gradient of a slice.
func pad(shape tensor.Shape, axis, lo int) Def {
	return Def{
		Name:    "Pad",
		Attrs:   []any{shape, axis, lo},
		Shapes:  func([]tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{shape.Clone()}, nil },
		Forward: Kernel{padForward[float32](axis, lo), padForward[float64](axis, lo)},
	}
}

func padForward[T kernel.Float](axis, lo int) func(*Call[T]) error {
	return func(c *Call[T]) error {
		x, y := c.In[0], c.Out[0]
		clear(y.F)
		copyPart(part[T]{y.F, y.Shape, lo}, part[T]{x.F, x.Shape, 0}, axis, x.Shape[axis])
		return nil
	}
}

// part is a tensor from index at of one axis.
type part[T kernel.Float] struct {
	data  []T
	shape []int
	at    int
}

// copyPart copies n indices of an axis: a run of contiguous elements for every index of the axes before it.
func copyPart[T kernel.Float](dst, src part[T], axis, n int) {
	outer, rest := size(dst.shape[:axis]), size(dst.shape[axis+1:])
	dstRow, srcRow := dst.shape[axis]*rest, src.shape[axis]*rest
	for i := range outer {
		copy(dst.data[i*dstRow+dst.at*rest:][:n*rest], src.data[i*srcRow+src.at*rest:])
	}
}

// Concat joins tensors along one axis. Their other axes must be equal.
func Concat(axis int, xs ...*G.Node) (*G.Node, error) {
	return New(Def{
		Name:     "Concat",
		Attrs:    []any{axis},
		Shapes:   func(in []tensor.Shape) ([]tensor.Shape, error) { return concatShapes(in, axis) },
		Forward:  Kernel{concat[float32](axis), concat[float64](axis)},
		Backward: Kernel{split[float32](axis), split[float64](axis)},
		Unread:   upTo(len(xs) + 1),
	}, xs...)
}

func upTo(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i
	}
	return s
}

func concatShapes(in []tensor.Shape, axis int) ([]tensor.Shape, error) {
	y := in[0].Clone()
	if axis < 0 || axis >= len(y) {
		return nil, errors.Errorf("axis %d of %v is out of range", axis, y)
	}
	for i, s := range in[1:] {
		if len(s) != len(y) || !slices.Equal(s[:axis], y[:axis]) || !slices.Equal(s[axis+1:], y[axis+1:]) {
			return nil, errors.Errorf("operand %d is %v, which does not join %v along axis %d", i+1, s, in[0], axis)
		}
		y[axis] += s[axis]
	}
	return []tensor.Shape{y}, nil
}

func concat[T kernel.Float](axis int) func(*Call[T]) error {
	return func(c *Call[T]) error {
		y, at := c.Out[0], 0
		for _, x := range c.In {
			copyPart(part[T]{y.F, y.Shape, at}, part[T]{x.F, x.Shape, 0}, axis, x.Shape[axis])
			at += x.Shape[axis]
		}
		return nil
	}
}

func split[T kernel.Float](axis int) func(*Call[T]) error {
	return func(c *Call[T]) error {
		dy, at := c.In[len(c.In)-1], 0
		for i, dx := range c.Out {
			n := c.In[i].Shape[axis]
			if dx.F != nil {
				copyPart(part[T]{dx.F, dx.Shape, 0}, part[T]{dy.F, dy.Shape, at}, axis, n)
			}
			at += n
		}
		return nil
	}
}
