package onnx

import (
	"reflect"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// constant translates a constant. One that grows with an Axis is a part of its value at the Max of this Axis: from its start, such as a
// table of positions, or around its middle, such as a table of distances.
func (t *translation) constant(n *graph.Node) (string, error) {
	all := make([]*tensor.Dense, len(t.probes))
	for i := range all {
		all[i] = t.at(n, i).Tensor()
	}
	shape, name := t.shapes[n], t.g.unique("constant")
	grows := slices.ContainsFunc(shape, func(s Size) bool { _, ok := s.Const(); return !ok })
	if v, ok := uniform(all); ok && grows {
		one := t.g.Weight(Tensor{Name: name, Shape: []int{1}, Data: v})
		return t.g.Add("Expand", one, t.g.Shape(shape)), nil
	}
	if grows {
		if err := t.bounded(shape); err != nil {
			return "", err
		}
	}
	far := all[len(all)-1]
	for _, middle := range []bool{false, true} {
		if starts, ok := t.parts(all, middle); ok {
			x := t.g.Weight(Tensor{Name: name, Shape: far.Shape(), Data: far.Data()})
			return t.cut(x, shape, starts), nil
		}
	}
	return "", errors.Errorf("the values of a constant of shape %v depend on the sizes: compute them with operations, or give the sizes fixed lengths", n.Shape)
}

// uniform returns an element if all elements of all tensors are equal.
func uniform(all []*tensor.Dense) (any, bool) {
	first := reflect.ValueOf(all[0].Data())
	for _, x := range all {
		v := reflect.ValueOf(x.Data())
		for i := range v.Len() {
			if !v.Index(i).Equal(first.Index(0)) {
				return nil, false
			}
		}
	}
	return first.Slice(0, 1).Interface(), true
}

// bounded returns an error if a shape grows with an Axis without Max.
func (t *translation) bounded(shape []Size) error {
	for _, s := range shape {
		for i, c := range s {
			for k, a := range t.Axes {
				if c != 0 && i&(1<<k) != 0 && a.Max == 0 {
					return errors.Errorf("a constant has the shape (%s): give the axis %s a Max", t.texts(shape), a.Name)
				}
			}
		}
	}
	return nil
}

func (t *translation) texts(shape []Size) string {
	all := make([]string, len(shape))
	for i, s := range shape {
		all[i] = s.text(t.Axes)
	}
	return strings.Join(all, ", ")
}

// parts returns the first index of each axis if all tensors are parts of the last one.
func (t *translation) parts(all []*tensor.Dense, middle bool) ([]Size, bool) {
	far := all[len(all)-1]
	values := make([][]int, far.Dims()) // by axis
	for _, x := range all {
		start := make([]int, far.Dims())
		for axis := range start {
			spare := far.Shape()[axis] - x.Shape()[axis]
			if middle {
				start[axis] = spare / 2
			}
			if spare < 0 || middle && spare%2 != 0 {
				return nil, false
			}
			values[axis] = append(values[axis], start[axis])
		}
		if !isPart(x, far, start) {
			return nil, false
		}
	}
	starts := make([]Size, far.Dims())
	for axis := range starts {
		var err error
		if starts[axis], err = t.fit(values[axis]); err != nil {
			return nil, false
		}
	}
	return starts, true
}

// isPart reports whether the elements of x equal those of y from start on.
func isPart(x, y *tensor.Dense, start []int) bool {
	a, b := reflect.ValueOf(x.Data()), reflect.ValueOf(y.Data())
	for i := range a.Len() {
		j, rest, step := 0, i, 1
		for axis := len(start) - 1; axis >= 0; axis-- {
			j += (rest%x.Shape()[axis] + start[axis]) * step
			rest, step = rest/x.Shape()[axis], step*y.Shape()[axis]
		}
		if !a.Index(i).Equal(b.Index(j)) {
			return false
		}
	}
	return true
}

// cut returns the part of x with a shape that begins at starts.
func (t *translation) cut(x string, shape, starts []Size) string {
	for axis, s := range shape {
		if _, ok := s.Const(); !ok {
			x = t.g.Slice(x, axis, t.g.Length(starts[axis]), t.g.Length(starts[axis].plus(s)))
		}
	}
	return x
}
