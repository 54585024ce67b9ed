package kernel

import "fmt"

// BinaryOp names an elementwise operation of two operands.
type BinaryOp uint8

// The operations z = x∘y.
const (
	Add BinaryOp = iota
	Sub
	Mul
	Div
)

// String returns the name of the operation in lower case.
func (op BinaryOp) String() string {
	names := [...]string{"add", "sub", "mul", "div"}
	if int(op) < len(names) {
		return names[op]
	}
	return fmt.Sprintf("binary(%d)", uint8(op))
}

// Binary computes z = x∘y for each element. z may be x or y.
func Binary[T Float](op BinaryOp, z, x, y []T) {
	checkLen("binary", "x", len(x), len(z))
	checkLen("binary", "y", len(y), len(z))
	parallel(len(z), minWork, binary[T]{op, z, x, y})
}

type binary[T Float] struct {
	op      BinaryOp
	z, x, y []T
}

func (b *binary[T]) Range(lo, hi int) { binaryRow(b.op, b.z[lo:hi], b.x[lo:hi], b.y[lo:hi]) }

func binaryRow[T Float](op BinaryOp, z, x, y []T) {
	x, y = x[:len(z)], y[:len(z)]
	if fast[T]() && int(op) < len(binaryRows) {
		binaryRows[op](len(z), first(z), first(x), first(y))
		return
	}
	switch op {
	case Add:
		for i := range z {
			z[i] = x[i] + y[i]
		}
	case Sub:
		for i := range z {
			z[i] = x[i] - y[i]
		}
	case Mul:
		for i := range z {
			z[i] = x[i] * y[i]
		}
	case Div:
		for i := range z {
			z[i] = x[i] / y[i]
		}
	default:
		panic("kernel: binary: unknown " + op.String())
	}
}

// binaryRows are the operations in assembly.
var binaryRows = [...]func(n int, z, x, y *float32){Add: addRowsAsm, Sub: subRowsAsm, Mul: mulRowsAsm, Div: divRowsAsm}

// binaryRight computes z = x∘y with a scalar y.
func binaryRight[T Float](op BinaryOp, z, x []T, y T) {
	x = x[:len(z)]
	switch op {
	case Add:
		for i, v := range x {
			z[i] = v + y
		}
	case Sub:
		for i, v := range x {
			z[i] = v - y
		}
	case Mul:
		scaleRow(z, y, x)
	case Div:
		for i, v := range x {
			z[i] = v / y
		}
	default:
		panic("kernel: binary: unknown " + op.String())
	}
}

// binaryLeft computes z = x∘y with a scalar x.
func binaryLeft[T Float](op BinaryOp, z []T, x T, y []T) {
	y = y[:len(z)]
	switch op {
	case Sub:
		for i, v := range y {
			z[i] = x - v
		}
	case Div:
		for i, v := range y {
			z[i] = x / v
		}
	default: // Add and Mul commute
		binaryRight(op, z, y, x)
	}
}

// AddScaled computes y += a·x.
func AddScaled[T Float](y []T, a T, x []T) {
	checkLen("add scaled", "x", len(x), len(y))
	parallel(len(y), minWork, addScaled[T]{y, a, x})
}

type addScaled[T Float] struct {
	y []T
	a T
	x []T
}

func (s *addScaled[T]) Range(lo, hi int) { axpy(s.y[lo:hi], s.a, s.x[lo:hi]) }

// Scale computes y = a·x. y may be x.
func Scale[T Float](y, x []T, a T) {
	checkLen("scale", "y", len(y), len(x))
	parallel(len(y), minWork, scale[T]{y, x, a})
}

type scale[T Float] struct {
	y, x []T
	a    T
}

func (s *scale[T]) Range(lo, hi int) { scaleRow(s.y[lo:hi], s.a, s.x[lo:hi]) }
