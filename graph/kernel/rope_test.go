package kernel_test

import (
	"fmt"
	"math"
	"runtime"
	"sync"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// ropeCase describes a RoPE on random rows. dim channels of each head of d channels rotate; rest channels follow the heads.
type ropeCase struct {
	rows, time, heads, d, dim, rest int
	positions                       []int32
	interleaved, inverse            bool
	factor                          float64
}

// ropeFrequencies returns dim/2 frequencies of base 10000.
func ropeFrequencies(dim int) []float64 {
	f := make([]float64, dim/2)
	for i := range f {
		f[i] = math.Pow(10000, -2*float64(i)/float64(dim))
	}
	return f
}

func newRoPE[T kernel.Float](c ropeCase) kernel.RoPE[T] {
	return kernel.RoPE[T]{
		Cols: c.heads*c.d + c.rest, Heads: c.heads, D: c.d, Positions: c.positions, Time: c.time, Inverse: c.inverse,
		Angles: kernel.NewAngles[T](ropeFrequencies(c.dim), c.factor, c.interleaved),
	}
}

// ropeReference follows the definition, with complex numbers.
func ropeReference[T kernel.Float](c ropeCase, x []T) []float64 {
	y, cols := wide(x), c.heads*c.d+c.rest
	for r := range c.rows {
		p := float64(r % c.time)
		if c.positions != nil {
			p = float64(c.positions[r])
		}
		if c.inverse {
			p = -p
		}
		for h := range c.heads {
			for i, f := range ropeFrequencies(c.dim) {
				a, b := i, i+c.dim/2
				if c.interleaved {
					a, b = 2*i, 2*i+1
				}
				a, b = r*cols+h*c.d+a, r*cols+h*c.d+b
				z := complex(y[a], y[b]) * complex(c.factor*math.Cos(p*f), c.factor*math.Sin(p*f))
				y[a], y[b] = real(z), imag(z)
			}
		}
	}
	return y
}

func ropeCases() []ropeCase {
	var list []ropeCase
	for kind := range 4 {
		interleaved, inverse := kind&1 > 0, kind&2 > 0
		for _, c := range []ropeCase{
			{rows: 1, time: 1, heads: 1, d: 2, dim: 2, factor: 1},
			{rows: 6, time: 3, heads: 1, d: 6, dim: 6, factor: 1},
			{rows: 10, time: 5, heads: 3, d: 10, dim: 6, rest: 7, factor: 1.25},
			{rows: 4, time: 2, heads: 2, d: 16, dim: 16, rest: 16, factor: 1, positions: []int32{0, 131071, 64, 63}},
			{rows: 300, time: 150, heads: 2, d: 34, dim: 34, rest: 1, factor: 1},
			{rows: 2, time: 2, heads: 0, d: 4, dim: 4, rest: 3, factor: 1},
			{rows: 0, time: 2, heads: 1, d: 4, dim: 4, factor: 1},
		} {
			c.interleaved, c.inverse = interleaved, inverse
			list = append(list, c)
		}
	}
	return list
}

func testRoPE[T kernel.Float](t *testing.T) {
	for _, c := range ropeCases() {
		name := fmt.Sprintf("%+v", c)
		r := newRoPE[T](c)
		x := randoms[T](c.rows*r.Cols, 1)
		want, y := ropeReference(c, x), randoms[T](len(x), 2)
		r.Run(y, x)
		// Two products, a sum and the rounding of the cosine and the sine of numbers of about 1.
		near(t, name, y, want, 6*epsilon[T]())
		inPlace := clone(x)
		r.Run(inPlace, inPlace)
		same(t, name+" in place", inPlace, y)
		c.inverse = !c.inverse
		newRoPE[T](c).Run(inPlace, y)
		for i := range want {
			if want[i] = float64(x[i]); i%r.Cols < c.heads*c.d && i%r.Cols%c.d < c.dim {
				want[i] *= c.factor * c.factor
			}
		}
		near(t, name+" and back", inPlace, want, 12*epsilon[T]())
	}
}

func TestRoPE(t *testing.T) { bothTypes(t, testRoPE[float32], testRoPE[float64]) }

// TestAnglesExact: each cosine and sine is the float64 value, rounded once, also at a far position.
func TestAnglesExact(t *testing.T) {
	for _, position := range []int32{0, 1, 4095, 1 << 20, math.MaxInt32} {
		f := ropeFrequencies(8)
		r := kernel.RoPE[float32]{Cols: 8, Heads: 1, D: 8, Angles: kernel.NewAngles[float32](f, 1.1, false), Positions: []int32{position}, Time: 1}
		y := make([]float32, 8)
		r.Run(y, []float32{1, 1, 1, 1, 0, 0, 0, 0})
		for i, v := range f {
			sin, cos := math.Sincos(float64(position) * v)
			same(t, fmt.Sprintf("position %d, pair %d", position, i), []float32{y[i], y[4+i]}, []float32{float32(1.1 * cos), float32(1.1 * sin)})
		}
	}
}

// TestAnglesShared: equal frequencies share one table while it is in use. An unused table is released.
func TestAnglesShared(t *testing.T) {
	before := kernel.SharedAngles()
	f := []float64{1, 0.123}
	a := kernel.NewAngles[float32](f, 1, false)
	if b := kernel.NewAngles[float32](clone(f), 1, false); a != b {
		t.Error("equal frequencies have two tables, want one")
	}
	if b := kernel.NewAngles[float32](f, 1, true); a == b {
		t.Error("both layouts of pairs share a table")
	}
	f[0] = 2
	if b := kernel.NewAngles[float32](f, 1, false); a == b {
		t.Error("a change of the caller's slice changes the table")
	}
	runtime.KeepAlive(a)
	for range 100 {
		if runtime.GC(); kernel.SharedAngles() <= before {
			return
		}
		runtime.Gosched()
	}
	t.Errorf("got %d tables after a garbage collection, want at most %d", kernel.SharedAngles(), before)
}

// TestAnglesConcurrent: goroutines that share a table and need new positions at the same time agree. The race detector watches.
func TestAnglesConcurrent(t *testing.T) {
	x := randoms[float32](500*8, 1)
	results := make([][]float32, 4)
	var wait sync.WaitGroup
	for i := range results {
		results[i] = make([]float32, len(x))
		wait.Go(func() {
			newRoPE[float32](ropeCase{time: 500, heads: 1, d: 8, dim: 8, factor: 1.5}).Run(results[i], x)
		})
	}
	wait.Wait()
	for _, y := range results {
		same(t, "result", y, results[0])
	}
}

func TestRoPEPanics(t *testing.T) {
	a := kernel.NewAngles[float32](ropeFrequencies(4), 1, false)
	mustPanic(t, "kernel: rope: 4 channels of 2 heads of 3 do not fit into rows of 6", func() {
		kernel.RoPE[float32]{Cols: 6, Heads: 2, D: 3, Angles: a, Time: 1}.Run(make([]float32, 6), make([]float32, 6))
	})
	mustPanic(t, "kernel: rope: positions has 1 elements, want 2", func() {
		kernel.RoPE[float32]{Cols: 4, Heads: 1, D: 4, Angles: a, Positions: []int32{0}}.Run(make([]float32, 8), make([]float32, 8))
	})
}

// BenchmarkRoPE rotates the queries and keys of packed projections in place: 12 heads of 64 channels and 12 key heads.
func BenchmarkRoPE(b *testing.B) {
	for _, interleaved := range []bool{false, true} {
		for _, inPlace := range []bool{true, false} {
			b.Run(fmt.Sprintf("interleaved %v/in place %v", interleaved, inPlace), func(b *testing.B) {
				c := ropeCase{rows: 4096, time: 1024, heads: 24, d: 64, dim: 64, rest: 768, factor: 1, interleaved: interleaved}
				r := newRoPE[float32](c)
				x := randoms[float32](c.rows*r.Cols, 1)
				y := x
				if !inPlace {
					y = clone(x)
				}
				b.ReportAllocs()
				for b.Loop() {
					r.Run(y, x)
				}
				bytes := 8 * float64(len(x))
				if inPlace {
					bytes = 8 * float64(c.rows*c.heads*c.d)
				}
				b.ReportMetric(bytes*float64(b.N)/b.Elapsed().Seconds()/1e9, "GB/s")
			})
		}
	}
}
