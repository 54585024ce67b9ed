package kernel

import (
	"math"
	"slices"
)

// Philox returns one block of the generator. The published test vectors use counters that no index reaches.
func (s Seed) Philox(block uint64) [4]uint32 { return s.philox(block) }

// SetProcessors sets the limit on workers to n and returns the old limit, so that tests can use more workers than the
// machine has processors.
func SetProcessors(n int) int {
	old := workers.limit
	workers.limit = n
	return old
}

// The float32 functions that the activations and the softmax use.
var (
	Exp32       = exp32
	Tanh32      = tanh32
	NormalCDF32 = normalCDF32
)

// Parallel is parallel for a plain function.
func Parallel(n, grain int, f func(lo, hi int)) { parallel(n, grain, plain{f}) }

type plain struct{ f func(lo, hi int) }

func (p *plain) Range(lo, hi int) { p.f(lo, hi) }

// The levels of Accelerate: Go only; the assembly with the first shape of strips; the assembly with the second shape and VNNI, if any.
const (
	Plain = iota
	Narrow
	Wide
)

// Accelerate allows the assembly up to a level, if the processor supports it, and returns the old level.
func Accelerate(level int) int {
	old := slices.Index(shapes, strips) + 1
	accelerated, strips = supported && level > Plain, nil
	hasVNNI, hasWide = supportedVNNI && level >= Wide, supportedWide && level >= Wide
	byteStrip = byteStripOf(hasVNNI)
	if level = min(level, len(shapes)); level > Plain {
		strips = shapes[level-1]
	}
	return old
}

var supported, supportedVNNI, supportedWide = accelerated, hasVNNI, hasWide

// PlainBytes makes products of many rounded rows use bytes, in plain Go where VNNI has assembly. It reports false if the processor cannot
// unpack weights to bytes. The returned function restores the previous state.
func PlainBytes() (restore func(), ok bool) {
	before := byteStrip
	byteStrip = plainByteStrip
	return func() { byteStrip = before }, whole() && hasF16C
}

func plainByteStrip(a byteRows, b wideColumns, sums *[wideRowsUnit * widePanel]float32) {
	k, blocks := len(a.q)/wideRowsUnit, len(a.scales)/wideRowsUnit
	for at := range a.scales {
		r, block := at/blocks, at%blocks
		for i := range widePanel {
			exact := a.starts[at]
			for l := range packedUnit {
				w := b.bytes[(block*packedUnit+l/4*4)*widePanel+4*i+l%4]
				exact += int32(a.q[r*k+block*packedUnit+l]) * int32(w)
			}
			sum, column := &sums[r*widePanel+i], block*widePanel+i
			if b.minima != nil {
				*sum -= float32(b.minima[column] * a.totals[at])
			}
			*sum += float32(float32(exact) * float32(b.scales[column]*a.scales[at]))
		}
	}
}

// ExpRow is the exponential of a row, as the softmax uses it.
func ExpRow(y, x []float32, shift float32) float64 { return expRow(y, x, shift) }

// SharedAngles returns the number of tables that NewAngles knows.
func SharedAngles() (n int) {
	sharedAngles.Range(func(_, _ any) bool { n++; return true })
	return n
}

// Softcap is the cap of a row of scores with its slope. AddShifted is the sum of a row and a shifted bias.
func Softcap(s, slope []float32, c float32) { softcap(s, slope, c) }
func AddShifted(y, x []float32, a float32)  { addShifted(y, x, a) }

// Fill sets every element of y to a, as a kernel for tests of the pool.
func Fill[T Float](y []T, a T) { parallel(len(y), minWork, fill[T]{y, a}) }

type fill[T Float] struct {
	y []T
	a T
}

func (f *fill[T]) Range(lo, hi int) {
	y, a := f.y[lo:hi], f.a
	for i := range y {
		y[i] = a
	}
}

// The sides of a tile of attention.
const (
	QueryTile = queryTile
	KeyTile   = keyTile
)

// Attend and AttendGrad are the softmax of rows of a tile of scores.
func Attend(scores []float32, rows, n int, top, sum, shrink []float32) {
	scoreRows[float32]{scores, rows, n}.attend(top, sum, shrink)
}

func AttendGrad(p, ds []float32, rows, n int, top, inverse, delta []float32) {
	scoreRows[float32]{p, rows, n}.attendGrad(ds, top, inverse, delta)
}

// HasHalves reports whether the processor converts binary16.
var HasHalves = hasF16C

// PackedMany is the largest number of rows whose products with packed weights assembly may fuse.
const PackedMany = packedMany

// FusesPacked reports whether it does, for weights in 16 bits.
func FusesPacked() bool { return rowsBF16.of(FewRows+1).run != nil }

// FMA32 returns x·y + z, rounded once. The product is exact in float64. An inexact sum gets an odd last bit, so that the
// second rounding has the result of a single rounding.
func FMA32(x, y, z float32) float32 {
	p, q := float64(x)*float64(y), float64(z)
	s := p + q
	t := s - p
	lost := (p - (s - t)) + (q - t)
	if lost != 0 && math.Float64bits(s)&1 == 0 {
		s = math.Nextafter(s, math.Inf(int(math.Copysign(1, lost))))
	}
	return float32(s)
}

// PanelsOnly turns the assembly of rows off, or on again, and keeps the micro-kernels. It returns whether the assembly was off.
func PanelsOnly(on bool) bool {
	old := !accelerated
	accelerated = supported && !on
	return old
}

// CopyTile, ScaleTile, DotTile and HideTile compute rows of n elements. Each row of HideTile has a start and an end, relative to the
// first column.
func CopyTile(rows, n int, y []float32, yStride int, x []float32, xStride int) {
	copyTile(sumMatrix[float32]{y, rows, n, yStride}, sumMatrix[float32]{x, rows, n, xStride})
}

func ScaleTile(rows, n int, y []float32, yStride int, x []float32, xStride int, a []float32) {
	scaleTile(sumMatrix[float32]{y, rows, n, yStride}, sumMatrix[float32]{x, rows, n, xStride}, a)
}

func DotTile(rows, n int, sums, x []float32, xStride int, z []float32, zStride int) {
	dotTile(sums, sumMatrix[float32]{x, rows, n, xStride}, sumMatrix[float32]{z, rows, n, zStride})
}

func HideTile(rows, n int, x []float32, stride int, ends []int, value float32) {
	const first = 1000
	var spans []span
	for r := range rows {
		spans = append(spans, span{first + ends[2*r], first + ends[2*r+1]})
	}
	hideTile(sumMatrix[float32]{x, rows, n, stride}, spans, first, value)
}
