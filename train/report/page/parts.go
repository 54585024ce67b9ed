package page

import (
	"math"
	"strings"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Parts measures how the weights of a Program in training change, now and then. A nil Parts measures nothing.
type Parts struct {
	program *graph.Program
	paths   []string             // of the parts, in order of the weights
	of      map[string]int       // index of a weight's part
	before  map[string][]float32 // the weights before the step that is measured next
	kept    int                  // step after which before holds them; -1 means none
	every   int                  // steps are measured whose number it divides
}

// Limits of Parts.
const (
	measured    = 100        // steps of a run that are measured, up to twice as many
	mostWeights = 20_000_000 // weights whose changes are measured
)

// NewParts returns the parts of a Program's trained weights after a step of a run that ends at step last, with the indices of lists
// merged: h.*.attn.c_attn. Of many weights, which take long to measure, it returns nil.
func NewParts(p *graph.Program, step, last int) *Parts {
	if p.Params().Size() > mostWeights {
		return nil
	}
	s := &Parts{program: p, of: map[string]int{}, before: map[string][]float32{}, kept: -1, every: max(1, last/measured)}
	known := map[string]int{}
	for _, w := range p.Weights() {
		names := Merged(w.Name())
		path := strings.Join(names[:max(len(names)-1, 1)], ".")
		if _, ok := known[path]; !ok {
			known[path] = len(s.paths)
			s.paths = append(s.paths, path)
		}
		s.of[w.Name()] = known[path]
	}
	s.keep(step)
	return s
}

// Merged splits a path and merges the indices of lists, as a profile does: h, *, attn.
func Merged(path string) []string {
	parts := strings.Split(path, ".")
	for i, p := range parts {
		if strings.Trim(p, "0123456789") == "" {
			parts[i] = "*"
		}
	}
	return parts
}

// After returns the parts after a step, or nil if it is not one of the steps that are measured. Call it after every step: it keeps the
// weights before a step that is measured.
func (s *Parts) After(step int) []Part {
	if s == nil {
		return nil
	}
	var parts []Part
	if step%s.every == 0 && s.kept == step-1 {
		parts = s.measure()
	}
	s.keep(step)
	return parts
}

// keep keeps the weights after a step if the next one is measured.
func (s *Parts) keep(step int) {
	if (step+1)%s.every != 0 {
		return
	}
	s.kept = step
	for _, w := range s.program.Weights() {
		s.before[w.Name()] = append(s.before[w.Name()][:0], floats(w.Value().Data())...)
	}
}

func (s *Parts) measure() []Part {
	type sums struct{ gradient, change, weight float64 }
	all := make([]sums, len(s.paths))
	for _, w := range s.program.Weights() {
		p, now, change := &all[s.of[w.Name()]], floats(w.Value().Data()), s.before[w.Name()]
		kernel.AddScaled(change, -1, now)
		g, _ := w.Grad() // the error is always nil
		p.change += kernel.SumSquares(change)
		p.weight += kernel.SumSquares(now)
		p.gradient += kernel.SumSquares(floats(g.Data()))
	}
	parts := make([]Part, len(all))
	for i, p := range all {
		parts[i] = Part{Path: s.paths[i], Norm: finite(math.Sqrt(p.gradient))}
		if p.weight > 0 {
			parts[i].Update = finite(math.Sqrt(p.change / p.weight))
		}
	}
	return parts
}

// floats returns the values of a tensor in float32.
func floats(data any) []float32 {
	switch v := data.(type) {
	case []float32:
		return v
	case []float64:
		f := make([]float32, len(v))
		for i, x := range v {
			f[i] = float32(x)
		}
		return f
	case float32:
		return []float32{v}
	}
	return nil
}
