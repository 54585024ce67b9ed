package ops_test

import (
	"fmt"
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// recurrentParts say which optional operands a case has.
type recurrentParts struct{ bias, h, c, lengths bool }

// recurrentCases include one sequence, one step and one channel, and sequences of no step.
func recurrentCases() []opCase {
	var list []opCase
	for _, cell := range []kernel.Cell{kernel.GRU, kernel.LSTM} {
		lstm := cell == kernel.LSTM
		list = append(list,
			recurrentCase(cell, 1, 1, 1, recurrentParts{}),
			recurrentCase(cell, 2, 3, 4, recurrentParts{bias: true}),
			recurrentCase(cell, 1, 4, 3, recurrentParts{h: true, lengths: true}),
			recurrentCase(cell, 3, 4, 5, recurrentParts{bias: true, h: true, c: lstm, lengths: true}),
		)
	}
	return list
}

func recurrentCase(cell kernel.Cell, b, t, h int, parts recurrentParts) opCase {
	gates := cell.Gates() * h
	c := opCase{name: fmt.Sprintf("%v/B%dT%dH%d%v", cell, b, t, h, parts), operands: []operand{normal(b, t, gates), normal(gates, h)}}
	optional := func(is bool, o operand) int {
		if !is {
			return -1
		}
		c.operands = append(c.operands, o)
		return len(c.operands) - 1
	}
	lengths := []int32{int32(t), 2, 0}[:b]
	bias, h0 := optional(parts.bias, normal(gates)), optional(parts.h, normal(b, h))
	c0, ends := optional(parts.c, normal(b, h)), optional(parts.lengths, ids(lengths, b))
	c.apply = func(x []*G.Node) (*G.Node, error) {
		at := func(i int) *G.Node {
			if i < 0 {
				return nil
			}
			return x[i]
		}
		in := ops.Recurrence{X: x[0], W: x[1], Bias: at(bias), H: at(h0), C: at(c0), Lengths: at(ends)}
		if cell == kernel.LSTM {
			return ops.LSTM(in)
		}
		return ops.GRU(in)
	}
	c.want = func(x []array) array {
		at := func(i, n int) []float64 {
			if i < 0 {
				return make([]float64, n)
			}
			return x[i].f
		}
		p := plainCell{cell, h, x[1].f, at(bias, gates)}
		y, hs, cs := zeros(b, t, h), at(h0, b*h), at(c0, b*h)
		for i := range b {
			h0, c0 := hs[i*h:][:h], cs[i*h:][:h]
			for k := range t {
				if !parts.lengths || k < int(lengths[i]) {
					h0, c0 = p.step(x[0].f[(i*t+k)*gates:][:gates], h0, c0)
				}
				copy(y.f[(i*t+k)*h:], h0)
			}
		}
		return y
	}
	return c
}

// plainCell is one step of one sequence.
type plainCell struct {
	cell    kernel.Cell
	h       int
	w, bias []float64
}

func (p plainCell) step(x, h, c []float64) (nextH, nextC []float64) {
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	nextH, nextC = make([]float64, p.h), make([]float64, p.h)
	for j := range p.h {
		var state [4]float64
		for g := range p.cell.Gates() {
			state[g] = p.bias[g*p.h+j]
			for k, v := range h {
				state[g] += p.w[(g*p.h+j)*p.h+k] * v
			}
		}
		sum := func(g int) float64 { return x[g*p.h+j] + state[g] }
		if p.cell == kernel.GRU {
			z, n := sigmoid(sum(1)), math.Tanh(x[2*p.h+j]+sigmoid(sum(0))*state[2])
			nextH[j] = (1-z)*n + z*h[j]
			continue
		}
		nextC[j] = sigmoid(sum(1))*c[j] + sigmoid(sum(0))*math.Tanh(sum(2))
		nextH[j] = sigmoid(sum(3)) * math.Tanh(nextC[j])
	}
	return nextH, nextC
}

func TestRecurrentErrors(t *testing.T) {
	for _, c := range []struct {
		words string
		apply func(x func(shape ...int) *G.Node, ids func(n ...int32) *G.Node) (*G.Node, error)
	}{
		{"GRU|want X and W", func(x func(...int) *G.Node, _ func(...int32) *G.Node) (*G.Node, error) {
			return ops.GRU(ops.Recurrence{X: x(2, 3, 12)})
		}},
		{"GRU|(2, 3, 12)|(12, 3)|(3·H, H)", func(x func(...int) *G.Node, _ func(...int32) *G.Node) (*G.Node, error) {
			return ops.GRU(ops.Recurrence{X: x(2, 3, 12), W: x(12, 3)})
		}},
		{"LSTM|bias (11)|(12)", func(x func(...int) *G.Node, _ func(...int32) *G.Node) (*G.Node, error) {
			return ops.LSTM(ops.Recurrence{X: x(2, 3, 12), W: x(12, 3), Bias: x(11)})
		}},
		{"LSTM|initial state c (2, 4)|(2, 3)", func(x func(...int) *G.Node, _ func(...int32) *G.Node) (*G.Node, error) {
			return ops.LSTM(ops.Recurrence{X: x(2, 3, 12), W: x(12, 3), C: x(2, 4)})
		}},
		{"GRU|only an LSTM", func(x func(...int) *G.Node, _ func(...int32) *G.Node) (*G.Node, error) {
			return ops.GRU(ops.Recurrence{X: x(2, 3, 12), W: x(12, 4), C: x(2, 4)})
		}},
		{"GRU|lengths|int32", func(x func(...int) *G.Node, _ func(...int32) *G.Node) (*G.Node, error) {
			return ops.GRU(ops.Recurrence{X: x(2, 3, 12), W: x(12, 4), Lengths: x(2)})
		}},
		{"sequence 1|length 4|0…3", func(x func(...int) *G.Node, ids func(...int32) *G.Node) (*G.Node, error) {
			return ops.GRU(ops.Recurrence{X: x(2, 3, 12), W: x(12, 4), Lengths: ids(3, 4)})
		}},
	} {
		p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Eval, func(s *graph.Scope) {
			n := 0
			x := func(shape ...int) *G.Node {
				n++
				return s.At(n).Param("x", graph.Normal(1), shape...)
			}
			ids := func(n ...int32) *G.Node { return s.Constant(graphtest.Ints(n, len(n))) }
			s.Output("y", s.Try(c.apply(x, ids)))
		})
		if err == nil {
			err = p.Run(nil)
		}
		if err == nil {
			t.Fatalf("%s: got no error, want one", c.words)
		}
		checkWords(t, err, c.words)
	}
}
