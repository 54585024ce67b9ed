package graph

import (
	"math"
	"reflect"
	"strings"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// composed names a mistake that only the operands show: windows whose dilation is ambiguous, or a function that Gorgonia composes
// of correct operations, namely LogSumExp, log(Σe^(x-m) + m) for log Σe^(x-m) + m, and Norm, (Σxᵖ)^(1/p) for (Σ|x|ᵖ)^(1/p). It
// returns "" if there is none.
func (b *builder) composed(n *G.Node) string {
	switch sum := b.operand(n, 0); {
	case b.is(n, "im2colOp") && ambiguous(n.Op(), sum.Shape()):
		return "ambiguous im2colOp"
	case b.is(n, "ln") && b.is(sum, "+") && b.is(b.operand(sum, 1), "maxOp"):
		if exp := b.operand(b.operand(sum, 0), 0); b.is(b.operand(sum, 0), "sumOp") && b.is(exp, "exp") && b.is(b.operand(exp, 0), "-") {
			return "LogSumExp"
		}
	case b.is(n, "^") && b.is(sum, "sumOp") && b.is(b.operand(sum, 0), "^"):
		power := b.operand(sum, 0)
		p, q := constantNumber(b.operand(power, 1)), constantNumber(b.operand(n, 1))
		if odd := math.Mod(p, 2) == 1; odd && math.Abs(p*q-1) < 1e-6 && !b.is(b.operand(power, 0), "abs") {
			return "odd Norm"
		}
	}
	return ""
}

// ambiguous reports whether another dilation gives the same number of windows along an axis of the image.
func ambiguous(op G.Op, image tensor.Shape) bool {
	for i, axis := range []string{"H", "W"} {
		n := image[len(image)-2+i] + 2*opField(op, "pad"+axis)
		kernel, stride, dilation := opField(op, strings.ToLower(axis)), opField(op, "stride"+axis), opField(op, "dilation"+axis)
		count := func(dilation int) int { return (n - dilation*(kernel-1) - 1 + stride) / stride }
		for d := 1; kernel > 1 && d*(kernel-1) < n; d++ {
			if d != dilation && count(d) == count(dilation) {
				return true
			}
		}
	}
	return false
}

// opField returns an integer field of a Gorgonia operation, whose fields are not exported.
func opField(op G.Op, name string) int {
	return int(reflect.Indirect(reflect.ValueOf(op)).FieldByName(name).Int())
}

// operand returns the i-th operand of n, nil for none.
func (b *builder) operand(n *G.Node, i int) *G.Node {
	if n == nil {
		return nil
	}
	if c := b.children(n); i < len(c) {
		return c[i]
	}
	return nil
}

// is reports whether n is a reduction of this type or an elementwise operation of this name.
func (b *builder) is(n *G.Node, name string) bool {
	if n == nil || n.Op() == nil {
		return false
	}
	switch t := opType(n.Op()); t {
	case "elemUnaryOp":
		return n.Op().String() == name
	case "elemBinOp":
		return strings.HasPrefix(n.Op().String(), name+" ")
	default:
		return t == name
	}
}

// constantNumber returns the value of a constant, NaN for any other node.
func constantNumber(n *G.Node) float64 {
	if n != nil && n.Op() != nil && opType(n.Op()) == "constantScalar" {
		switch v := n.Value().Data().(type) {
		case float32:
			return float64(v)
		case float64:
			return v
		}
	}
	return math.NaN()
}
