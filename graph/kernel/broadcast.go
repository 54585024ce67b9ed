package kernel

// Broadcast describes how two operands expand to one shape: element (i, j, …) of the result combines x[i·StrideX[0] +
// j·StrideX[1] + …] and the corresponding element of y. A stride of 0 repeats the operand along the axis. At most 6
// axes.
type Broadcast struct{ Shape, StrideX, StrideY []int }

// BinaryBroadcast computes z = x∘y with both operands broadcast to b.Shape. z is contiguous. z may be an operand that is
// contiguous and not repeated.
func BinaryBroadcast[T Float](op BinaryOp, z, x, y []T, b *Broadcast) {
	l := newLayout("binary broadcast", b.Shape, b.StrideX, b.StrideY)
	checkLen("binary broadcast", "z", len(z), l.count())
	checkReach("binary broadcast", "x", len(x), l.reach(0))
	checkReach("binary broadcast", "y", len(y), l.reach(1))
	inner := l.cut(l.n - 1)
	segs := segments(inner.size)
	parallel(l.count()*segs, rowGrain(inner.size/segs), binaryBroadcast[T]{op, z, x, y, l, inner, segs})
}

type binaryBroadcast[T Float] struct {
	op      BinaryOp
	z, x, y []T
	outer   layout
	inner   axis
	segs    int // segments of each inner loop
}

func (b *binaryBroadcast[T]) Range(lo, hi int) {
	row := lo / b.segs
	at := b.outer.at(row)
	for i := lo; i < hi; i++ {
		seg := i % b.segs
		from := seg * minWork
		to := min(from+minWork, b.inner.size)
		b.run(b.z[row*b.inner.size+from:row*b.inner.size+to], at.off[0]+from*b.inner.stride[0], at.off[1]+from*b.inner.stride[1])
		if seg == b.segs-1 {
			row++
			b.outer.next(&at)
		}
	}
}

// run computes a segment of an inner loop from offset i of x and offset j of y.
func (b *binaryBroadcast[T]) run(z []T, i, j int) {
	n, dx, dy := len(z), b.inner.stride[0], b.inner.stride[1]
	switch {
	case n == 0:
	case dx == 1 && dy == 1:
		binaryRow(b.op, z, b.x[i:i+n], b.y[j:j+n])
	case dx == 1 && dy == 0:
		binaryRight(b.op, z, b.x[i:i+n], b.y[j])
	case dx == 0 && dy == 1:
		binaryLeft(b.op, z, b.x[i], b.y[j:j+n])
	default:
		for k := range z {
			z[k] = b.x[i+k*dx]
			binaryRight(b.op, z[k:k+1], z[k:k+1], b.y[j+k*dy])
		}
	}
}
