package kernel_test

import (
	"fmt"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

type recurrentCase struct {
	cell          kernel.Cell
	b, t, h       int
	bias, initial bool
	lengths       []int32
}

func (c recurrentCase) String() string {
	return fmt.Sprintf("%v b%d t%d h%d bias %v initial %v lengths %v", c.cell, c.b, c.t, c.h, c.bias, c.initial, c.lengths)
}

// recurrentCases include one sequence, one step, one channel, several tiles in both directions, a depth of several pieces, and
// sequences that end at 0, within and at the last step.
var recurrentCases = []recurrentCase{
	{b: 1, t: 1, h: 1}, {b: 1, t: 5, h: 3, bias: true}, {b: 2, t: 4, h: 5, bias: true, initial: true},
	{b: 3, t: 4, h: 7, initial: true, lengths: []int32{4, 0, 2}}, {b: 11, t: 3, h: 33, bias: true},
	{b: 9, t: 2, h: 130, bias: true, initial: true}, {b: 100, t: 2, h: 40}, {b: 10, t: 2, h: 390},
}

func bothCells(c recurrentCase) []recurrentCase {
	l := c
	l.cell = kernel.LSTM
	return []recurrentCase{c, l}
}

// newRecurrent returns random operands and the memory of all results. The weights keep the states away from saturation.
func newRecurrent[T kernel.Float](c recurrentCase) (kernel.Recurrent[T], kernel.RecurrentStates[T], kernel.RecurrentGrads[T]) {
	g := c.cell.Gates() * c.h
	r := kernel.Recurrent[T]{Cell: c.cell, B: c.b, Time: c.t, H: c.h, X: randoms[T](c.b*c.t*g, 1), W: randoms[T](g*c.h, 2), Lengths: c.lengths}
	for i := range r.W {
		r.W[i] /= T(math.Sqrt(float64(c.h)))
	}
	if c.bias {
		r.Bias = randoms[T](g, 3)
	}
	d := kernel.RecurrentGrads[T]{
		DY: randoms[T](c.b*c.t*c.h, 6), DX: make([]T, len(r.X)), DW: make([]T, len(r.W)),
		DH0: make([]T, c.b*c.h), Scratch: make([]T, r.BackwardScratch()),
	}
	if c.bias {
		d.DBias = make([]T, g)
	}
	s := kernel.RecurrentStates[T]{Y: make([]T, c.b*c.t*c.h), Gates: make([]T, 4*c.b*c.t*c.h)}
	if c.initial {
		r.H0 = randoms[T](c.b*c.h, 4)
	}
	if c.cell == kernel.LSTM {
		s.C, d.DC0 = make([]T, c.b*c.t*c.h), make([]T, c.b*c.h)
		if c.initial {
			r.C0 = randoms[T](c.b*c.h, 5)
		}
	}
	return r, s, d
}

// plainRecurrent computes the states step by step from the formulas.
func plainRecurrent[T kernel.Float](r kernel.Recurrent[T]) []float64 {
	at := func(x []T, i int) float64 {
		if x == nil {
			return 0
		}
		return float64(x[i])
	}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	h, c := make([]float64, r.B*r.H), make([]float64, r.B*r.H)
	for i := range h {
		h[i], c[i] = at(r.H0, i), at(r.C0, i)
	}
	gates := r.Cell.Gates() * r.H
	y := make([]float64, r.B*r.Time*r.H)
	for b := range r.B {
		for t := range r.Time {
			old := clone(h[b*r.H:][:r.H])
			for j := range r.H {
				if r.Lengths != nil && t >= int(r.Lengths[b]) {
					break
				}
				var in, state [4]float64
				for g := range r.Cell.Gates() {
					in[g], state[g] = float64(r.X[(b*r.Time+t)*gates+g*r.H+j]), at(r.Bias, g*r.H+j)
					for k, v := range old {
						state[g] += float64(r.W[(g*r.H+j)*r.H+k]) * v
					}
				}
				sum := func(g int) float64 { return in[g] + state[g] }
				if r.Cell == kernel.GRU {
					z, n := sigmoid(sum(1)), math.Tanh(in[2]+sigmoid(sum(0))*state[2])
					h[b*r.H+j] = (1-z)*n + z*old[j]
					continue
				}
				c[b*r.H+j] = sigmoid(sum(1))*c[b*r.H+j] + sigmoid(sum(0))*math.Tanh(sum(2))
				h[b*r.H+j] = sigmoid(sum(3)) * math.Tanh(c[b*r.H+j])
			}
			copy(y[(b*r.Time+t)*r.H:], h[b*r.H:][:r.H])
		}
	}
	return y
}

func testRecurrent[T kernel.Float](t *testing.T) {
	for _, c := range recurrentCases {
		for _, c := range bothCells(c) {
			r, s, _ := newRecurrent[T](c)
			r.Forward(s)
			// The sums of c.h products have a few roundings of size 1, which a few steps amplify a little.
			near(t, c.String(), s.Y, plainRecurrent(r), 32*epsilon[T]())
			y := clone(s.Y)
			r.Forward(kernel.RecurrentStates[T]{Y: s.Y})
			same(t, c.String()+" without gates", s.Y, y)
		}
	}
}

func TestRecurrent(t *testing.T) { bothTypes(t, testRecurrent[float32], testRecurrent[float64]) }

// TestRecurrentGradients compares all gradients with central differences.
func TestRecurrentGradients(t *testing.T) {
	for _, c := range recurrentCases {
		if c.h > 33 {
			continue
		}
		for _, c := range bothCells(c) {
			r, s, d := newRecurrent[float64](c)
			r.Forward(s)
			r.Backward(s, d)
			y := kernel.RecurrentStates[float64]{Y: make([]float64, len(s.Y))}
			f := func() float64 {
				r.Forward(y)
				return dotProduct(y.Y, d.DY)
			}
			name := c.String()
			checkGradient(t, name+" dx", f, few(r.X), few(d.DX))
			checkGradient(t, name+" dw", f, few(r.W), few(d.DW))
			checkGradient(t, name+" dbias", f, few(r.Bias), few(d.DBias))
			if c.initial {
				checkGradient(t, name+" dh0", f, few(r.H0), few(d.DH0))
				checkGradient(t, name+" dc0", f, few(r.C0), few(d.DC0))
			}
		}
	}
}

// few returns the first 200 elements.
func few(x []float64) []float64 { return x[:min(len(x), 200)] }

// testRecurrentSingle compares the gradients in float32 with float64, for all levels of assembly.
func testRecurrentSingle[T kernel.Float](t *testing.T) {
	for _, c := range recurrentCases {
		for _, c := range bothCells(c) {
			r, s, d := newRecurrent[T](c)
			r.Forward(s)
			r.Backward(s, d)
			rw, sw, dw := newRecurrent[float64](c)
			for _, x := range []struct {
				dst []float64
				src []T
			}{{rw.X, r.X}, {rw.W, r.W}, {rw.Bias, r.Bias}, {rw.H0, r.H0}, {rw.C0, r.C0}, {dw.DY, d.DY}} {
				copy(x.dst, wide(x.src))
			}
			rw.Forward(sw)
			rw.Backward(sw, dw)
			// Errors of the states by a few roundings grow in the sums over up to 200 rows.
			tol := 400 * epsilon[T]()
			near(t, c.String()+" dx", d.DX, dw.DX, tol)
			near(t, c.String()+" dw", d.DW, dw.DW, tol)
			near(t, c.String()+" dbias", d.DBias, wide(dw.DBias), tol)
			near(t, c.String()+" dh0", d.DH0, dw.DH0, tol)
			near(t, c.String()+" dc0", d.DC0, wide(dw.DC0), tol)
			dx, dwt := clone(d.DX), clone(d.DW)
			d.DX, d.DBias, d.DH0, d.DC0 = nil, nil, nil, nil
			r.Backward(s, d)
			same(t, c.String()+" dw alone", d.DW, dwt)
			d.DX, d.DW = make([]T, len(dx)), nil
			r.Backward(s, d)
			same(t, c.String()+" dx alone", d.DX, dx)
		}
	}
}

func TestRecurrentSingle(t *testing.T) {
	bothTypes(t, testRecurrentSingle[float32], testRecurrentSingle[float64])
}

// BenchmarkRecurrent times the part of a layer that runs step by step.
func BenchmarkRecurrent(b *testing.B) {
	for _, cell := range []kernel.Cell{kernel.GRU, kernel.LSTM} {
		r, s, d := newRecurrent[float32](recurrentCase{cell: cell, b: 32, t: 128, h: 256, bias: true})
		work := 2 * float64(len(r.X)) * float64(r.H)
		b.Run(cell.String()+"/forward", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Forward(s)
			}
			b.ReportMetric(work*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
		b.Run(cell.String()+"/backward", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Backward(s, d)
			}
			b.ReportMetric(2*work*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}
