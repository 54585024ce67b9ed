package graph

import (
	"reflect"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// sumAxes is the largest number of axes that kernel.SumTo takes.
const sumAxes = 6

// keptAxes reports for each axis of an operand whether Gorgonia's sum keeps it. ok is false for any other operation, and for operands
// of more axes than our kernel takes. Gorgonia sums one number after the other in the tensor's type: a float32 sum of
// 2²⁵ ones is 2²⁴. Its Mean and the gradients
// of its broadcasts are such sums, too.
func keptAxes(op G.Op, axes int) (keep []bool, ok bool) {
	if opType(op) != "sumOp" || axes == 0 || axes > sumAxes {
		return nil, false
	}
	keep = make([]bool, axes)
	for i := range keep {
		keep[i] = true
	}
	along := reflect.Indirect(reflect.ValueOf(op)).FieldByName("along") // not exported
	for i := range along.Len() {
		axis := int(along.Index(i).Int())
		if axis < 0 || axis >= axes {
			return nil, false
		}
		keep[axis] = false
	}
	return keep, true
}

// sums reports whether a step of Gorgonia's is a sum that our kernel takes.
func (c *compiler) sums(s *step) bool {
	if len(s.in) != 1 || s.in[0].buf.dt != c.params.dt || s.node.Dtype() != c.params.dt {
		return false
	}
	keep, ok := keptAxes(s.node.Op(), len(s.in[0].shape))
	size := 1
	for i, k := range keep {
		if k {
			size *= s.in[0].shape[i]
		}
	}
	return ok && size == s.node.Shape().TotalSize()
}

// bindSum runs a sumStep.
func bindSum[T kernel.Float](s *step, dst, src []T) func() error {
	shape := s.in[0].shape
	keep, _ := keptAxes(s.node.Op(), len(shape))
	return func() error { kernel.SumTo(dst, src, shape, keep); return nil }
}
