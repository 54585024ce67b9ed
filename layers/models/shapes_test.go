package models_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// shaped is a model with a batch and the wider size that the batch is padded to.
type shaped struct {
	name        string
	declare     func(s *graph.Scope, size []int)
	feed        graph.Feed
	narrow, pad []int // sizes
}

// shapedModels lists every model of a loss. The batches hold short rows even in the narrow size.
func shapedModels() []shaped {
	all := []shaped{{"GPT", func(s *graph.Scope, z []int) { smallGPT.Loss(z[0], z[1])(s) }, windows(smallGPT, 3, 5), []int{3, 5}, []int{3, 9}}}
	for _, first := range []bool{false, true} {
		m := smallSeq2Seq
		m.NormFirst = first
		all = append(all, shaped{fmt.Sprintf("Seq2Seq, norm first %t", first), func(s *graph.Scope, z []int) { m.Loss(z[0], z[1], z[2])(s) },
			pairs(m, 3, 4), []int{2, 3, 4}, []int{2, 5, 7}})
	}
	for name, m := range languageModels() {
		if l, ok := m.(models.Llama); ok && (l.RoPE.Scaling.Kind == layers.RoPEDynamic || l.RoPE.Scaling.Kind == layers.RoPELongRoPE) {
			continue // their frequencies depend on the length
		}
		feed := graph.Feed{"tokens": tokens(1, vocabOf(m), 3, 5), "targets": tokens(2, vocabOf(m), 3, 5)}
		all = append(all, shaped{name, func(s *graph.Scope, z []int) { m.Loss(z[0], z[1])(s) }, feed, []int{3, 5}, []int{3, 9}})
	}
	for name, m := range classifiers() {
		all = append(all, shaped{"Classifier, " + name, func(s *graph.Scope, z []int) { m.Loss(z[0], z[1])(s) }, rows(m, 5, 3), []int{5, 3}, []int{5, 7}})
	}
	for name, m := range textEncoders() {
		all = append(all, shaped{name, func(s *graph.Scope, z []int) { m.Loss(z[0], z[1])(s) }, texts(m, 4), []int{3, 4}, []int{3, 7}})
	}
	return all
}

// padded returns the batch in the size of p's other inputs: more columns, of other tokens and of targets that do not count.
func (m shaped) padded() graph.Feed {
	wide := graph.Feed{}
	for name, v := range m.feed {
		if wide[name] = v; v.Dims() < 2 {
			continue
		}
		b, n := v.Shape()[0], v.Shape()[1]
		to := m.pad[len(m.pad)-1]
		if name == "source" {
			to = m.pad[1]
		}
		x := tokens(9, 5, b, to)
		for i := range x.Int32s() {
			if row, column := i/to, i%to; column < n {
				x.Int32s()[i] = v.Int32s()[row*n+column]
			} else if name == "targets" {
				x.Int32s()[i] = ops.IgnoreTarget
			}
		}
		wide[name] = x
	}
	return wide
}

// TestShapesDoNotMatter: a batch has the same loss, logits and gradients in every size, up to the rounding of sums in another order.
func TestShapesDoNotMatter(t *testing.T) {
	for dt, tolerance := range map[tensor.Dtype]float64{tensor.Float32: 3e-6, tensor.Float64: 1e-14} {
		for _, m := range shapedModels() {
			p := m.program(t, graph.NewParams(dt, 1))
			run(t, p, m.feed)
			loss, grads := p.Loss(), gradients(p)
			run(t, p, m.padded())
			if d := math.Abs(p.Loss()-loss) / loss; !(d <= tolerance) {
				t.Errorf("%s, %v: the loss differs by %g", m.name, dt, d)
			}
			if d := graphtest.RelativeL2(gradients(p), grads); !(d <= tolerance) {
				t.Errorf("%s, %v: the gradients differ by %g", m.name, dt, d)
			}
		}
	}
}

// TestShapesMemory: models of usual sizes need at most a tenth more memory for all their sizes than for the largest alone.
func TestShapesMemory(t *testing.T) {
	gpt := models.GPT{Vocab: 8000, Context: 256, Layers: 6, Heads: 6, Dim: 384}
	pairs := models.Seq2Seq{EncoderLayers: 3, DecoderLayers: 3, Heads: 4, Dim: 256, Hidden: 1024, SourceVocab: 8000, TargetVocab: 8000, Dropout: 0.1}
	classes := models.Classifier{Vocab: 8000, Context: 64, Layers: 2, Heads: 4, Dim: 128, Labels: []string{"bad", "good"}, TokenDropout: 0.1}
	for name, declare := range map[string]func(s *graph.Scope, n int){
		"GPT": func(s *graph.Scope, n int) { gpt.Loss(8, 256/n)(s) }, "Seq2Seq": func(s *graph.Scope, n int) { pairs.Loss(128, 56/n, 50/n)(s) },
		"Classifier": func(s *graph.Scope, n int) { classes.Loss(32, 64/n)(s) },
	} {
		for _, mode := range []graph.Mode{graph.Train, graph.Eval} {
			all, err := graph.EstimateShapes(graph.NewParams(tensor.Float32, 1), mode, []int{7, 1, 2, 3, 4, 5, 6, 8}, declare)
			if err != nil {
				t.Fatal(err)
			}
			one, err := graph.Estimate(graph.NewParams(tensor.Float32, 1), mode, func(s *graph.Scope) { declare(s, 1) })
			if err != nil {
				t.Fatal(err)
			}
			if got, most := all.Memory.Total(), one.Memory.Total()*11/10; got > most {
				t.Errorf("%s, %v: got %d bytes, want at most %d", name, mode, got, most)
			}
		}
	}
}

func (m shaped) program(t testing.TB, params *graph.Params) *graph.Program {
	t.Helper()
	p, err := graph.BuildShapes(params, graph.Train, [][]int{m.pad, m.narrow}, m.declare)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// gradients returns all gradients of a Program, one after another.
func gradients(p *graph.Program) (all []float64) {
	for _, w := range p.Weights() {
		g, _ := w.Grad()
		for i := range g.(*tensor.Dense).DataSize() {
			if v := g.(*tensor.Dense); v.Dtype() == tensor.Float64 {
				all = append(all, v.Float64s()[i])
			} else {
				all = append(all, float64(v.Float32s()[i]))
			}
		}
	}
	return all
}

// TestShapesGradients: the gradient of a weighted sum of losses over micro-batches of both sizes equals the central difference along
// a random direction.
func TestShapesGradients(t *testing.T) {
	for _, m := range shapedModels() {
		p := m.program(t, graph.NewParams(tensor.Float64, 1))
		feeds := []graph.Feed{m.feed, m.padded(), m.feed}
		sum := func() (loss float64) {
			for i, f := range feeds {
				p.Accumulate, p.Scale = i > 0, float64(i+1)
				run(t, p, f)
				loss += p.Scale * p.Loss()
			}
			return loss
		}
		const h = 1e-5
		move := func(step float64) (slope float64) {
			for _, w := range p.Weights() {
				g, _ := w.Grad()
				for i, x := range w.Value().(*tensor.Dense).Float64s() {
					d := kernel.Seed{Key: kernel.Key(3, w.Name())}.Uniform(uint64(i)) - 0.5
					w.Value().(*tensor.Dense).Float64s()[i] = x + step*d
					slope += d * g.(*tensor.Dense).Float64s()[i]
				}
			}
			return slope
		}
		sum()
		got := move(h)
		up := sum()
		move(-2 * h)
		if want := (up - sum()) / (2 * h); !(math.Abs(got-want) < 1e-6*max(1, math.Abs(want))) { // truncation leaves about h²
			t.Errorf("%s: got a slope of %g, want %g", m.name, got, want)
		}
	}
}

// TestShapesOfModels: every size of a model gives the logits of a Program of its own, in evaluation.
func TestShapesOfModels(t *testing.T) {
	for _, m := range shapedModels() {
		params := graph.NewParams(tensor.Float32, 1)
		p, err := graph.BuildShapes(params, graph.Eval, [][]int{m.pad, m.narrow}, m.declare)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			size []int
			feed graph.Feed
		}{{m.narrow, m.feed}, {m.pad, m.padded()}, {m.narrow, m.feed}} {
			one := build(t, params, graph.Eval, func(s *graph.Scope) { m.declare(s, c.size) })
			run(t, p, c.feed)
			run(t, one, c.feed)
			if p.Loss() != one.Loss() || !slices.Equal(p.Output("logits").Float32s(), one.Output("logits").Float32s()) {
				t.Errorf("%s, size %v: other bits than in a program of its own", m.name, c.size)
			}
		}
	}
}
