package kernel

// microRows and microCols are the sides of the tile that the micro-kernel keeps in registers. Eight sums leave room for
// the operands in the sixteen registers of amd64. Sixteen sums were half as fast.
const (
	microRows = 4
	microCols = 2
)

// micro multiplies a panel of microRows rows by a panel of microCols columns, both packed with equal depth, and
// overwrites sums, which is row-major.
func micro[T Float](sums *[microRows * microCols]T, a, b []T) {
	var s00, s01, s10, s11, s20, s21, s30, s31 T
	for len(a) >= 2*microRows && len(b) >= 2*microCols {
		b0, b1 := b[0], b[1]
		s00, s01 = s00+a[0]*b0, s01+a[0]*b1
		s10, s11 = s10+a[1]*b0, s11+a[1]*b1
		s20, s21 = s20+a[2]*b0, s21+a[2]*b1
		s30, s31 = s30+a[3]*b0, s31+a[3]*b1
		b0, b1 = b[2], b[3]
		s00, s01 = s00+a[4]*b0, s01+a[4]*b1
		s10, s11 = s10+a[5]*b0, s11+a[5]*b1
		s20, s21 = s20+a[6]*b0, s21+a[6]*b1
		s30, s31 = s30+a[7]*b0, s31+a[7]*b1
		a, b = a[2*microRows:], b[2*microCols:]
	}
	if len(a) >= microRows && len(b) >= microCols {
		b0, b1 := b[0], b[1]
		s00, s01 = s00+a[0]*b0, s01+a[0]*b1
		s10, s11 = s10+a[1]*b0, s11+a[1]*b1
		s20, s21 = s20+a[2]*b0, s21+a[2]*b1
		s30, s31 = s30+a[3]*b0, s31+a[3]*b1
	}
	*sums = [...]T{s00, s01, s10, s11, s20, s21, s30, s31}
}
