package kernel

import (
	"fmt"
	"unsafe"
)

// RoPE is rotary position embedding (Su et al. 2021, https://arxiv.org/abs/2104.09864). In the first Heads heads of each row,
// each pair (a, b) of channels with the angle θ becomes
//
//	(a·cos θ - b·sin θ, b·cos θ + a·sin θ)
//
// Channels of a head beyond those of Angles, and the rest of the row, keep their values.
type RoPE[T Float] struct {
	Cols, Heads, D int // elements of a row, heads that rotate, channels of a head
	Angles         *Angles[T]
	Positions      []int32 // of each row, at least 0; nil means that row r has position r mod Time
	Time           int
	Inverse        bool // rotate by -θ
}

// Run rotates the rows of x and writes them to y, which may be x.
func (p RoPE[T]) Run(y, x []T) {
	rows := rowsOf("rope", len(x), p.Cols)
	checkLen("rope", "y", len(y), len(x))
	checkOptional("rope", "positions", p.Positions, rows)
	if p.Angles.dim() > p.D || p.Heads*p.D > p.Cols {
		panic(fmt.Sprintf("kernel: rope: %d channels of %d heads of %d do not fit into rows of %d", p.Angles.dim(), p.Heads, p.D, p.Cols))
	}
	r := rope[T]{p, y, x, unsafe.SliceData(y) == unsafe.SliceData(x)}
	r.prepare(rows)
	parallel(rows, rowGrain(p.Cols), r)
}

type rope[T Float] struct {
	RoPE[T]
	y, x    []T
	inPlace bool
}

// prepare computes the angles of all rows.
func (p *rope[T]) prepare(rows int) {
	if p.Positions == nil {
		for k := 0; k < min(rows, p.Time); k += anglesBlock {
			p.Angles.prepare(k / anglesBlock)
		}
		return
	}
	last := -1
	for _, position := range p.Positions {
		if k := int(position) / anglesBlock; k != last {
			p.Angles.prepare(k)
			last = k
		}
	}
}

func (p *rope[T]) position(row int) int {
	if p.Positions == nil {
		return row % p.Time
	}
	return int(p.Positions[row])
}

func (p *rope[T]) Range(lo, hi int) {
	p.Angles.mu.RLock()
	defer p.Angles.mu.RUnlock()
	angles := anglesReader[T]{Angles: p.Angles}
	for r := lo; r < hi; r++ {
		cos, sin := angles.row(p.position(r))
		p.row(p.y[r*p.Cols:][:p.Cols], p.x[r*p.Cols:][:p.Cols], cos, sin)
	}
}

func (p *rope[T]) row(y, x, cos, sin []T) {
	dim := p.Angles.dim()
	for h := range p.Heads {
		from := h * p.D
		p.head(y[from:][:dim], x[from:][:dim], cos, sin)
		if !p.inPlace {
			copy(y[from+dim:from+p.D], x[from+dim:])
		}
	}
	if !p.inPlace {
		copy(y[p.Heads*p.D:], x[p.Heads*p.D:])
	}
}

// head rotates the channels of one head. Exchanging the halves inverts the rotation.
func (p *rope[T]) head(y, x, cos, sin []T) {
	n := len(x) / 2
	switch {
	case p.Angles.interleaved && p.Inverse:
		rotatePairs(y, x, cos, sin, -1)
	case p.Angles.interleaved:
		rotatePairs(y, x, cos, sin, 1)
	case p.Inverse:
		rotateHalves(y[n:], y[:n], x[n:], x[:n], cos, sin)
	default:
		rotateHalves(y[:n], y[n:], x[:n], x[n:], cos, sin)
	}
}

// rotateHalves computes y = a·cos - b·sin and z = b·cos + a·sin. The conversions keep the compiler from fusing the
// products, so that the bits do not depend on the processor.
func rotateHalves[T Float](y, z, a, b, cos, sin []T) {
	n := len(a)
	y, z, b, cos, sin = y[:n], z[:n], b[:n], cos[:n], sin[:n]
	if fast[T]() {
		rotateHalvesRowAsm(n, first(y), first(z), first(a), first(b), first(cos), first(sin))
		return
	}
	for i, v := range a {
		w := b[i]
		y[i], z[i] = T(v*cos[i])-T(w*sin[i]), T(w*cos[i])+T(v*sin[i])
	}
}

// rotatePairs computes y = x·cos + x'·sin·sign, where x' is x with each pair exchanged.
func rotatePairs[T Float](y, x, cos, sin []T, sign T) {
	n := len(x)
	y, cos, sin = y[:n], cos[:n], sin[:n]
	if fast[T]() {
		rotatePairsRowAsm(n, first(y), first(x), first(cos), first(sin), float32(sign))
		return
	}
	for i := 0; i+1 < n; i += 2 {
		a, b := x[i], x[i+1]
		y[i] = T(a*cos[i]) + T(b*(sin[i]*sign))
		y[i+1] = T(b*cos[i+1]) + T(a*(sin[i+1]*sign))
	}
}
