package page

import (
	"math"
	"strings"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Parts measures how the weights of a Program in training change, now and then.
type Parts struct {
	program *graph.Program
	paths   []string             // of the parts, in order of the weights
	of      map[string]int       // index of a weight's part
	before  map[string][]float32 // the weights before the step that is measured next
}

// measured is the number of steps of a run that are measured.
const measured = 100

// NewParts returns the parts of a Program's trained weights, with the indices of lists merged: h.*.attn.c_attn.
func NewParts(p *graph.Program) *Parts {
	s := &Parts{program: p, of: map[string]int{}, before: map[string][]float32{}}
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

// After returns the parts after a step of a run, or nil if it is not one of the steps that are measured. Call it after every step: it
// keeps the weights before a step that is measured.
func (s *Parts) After(step, last int) []Part {
	every := max(1, last/measured)
	var parts []Part
	if step%every == 0 && len(s.before) > 0 {
		parts = s.measure()
	}
	if (step+1)%every == 0 {
		for _, w := range s.program.Weights() {
			s.before[w.Name()] = append(s.before[w.Name()][:0], floats(w.Value().Data())...)
		}
	}
	return parts
}

func (s *Parts) measure() []Part {
	type sums struct{ gradient, change, weight float64 }
	all := make([]sums, len(s.paths))
	for _, w := range s.program.Weights() {
		p := &all[s.of[w.Name()]]
		before := s.before[w.Name()]
		for i, v := range floats(w.Value().Data()) {
			d := float64(v - before[i])
			p.change += d * d
			p.weight += float64(v) * float64(v)
		}
		g, _ := w.Grad() // the error is always nil
		for _, v := range floats(g.Data()) {
			p.gradient += float64(v) * float64(v)
		}
	}
	var parts []Part
	for i, p := range all {
		ratio := 0.0
		if p.weight > 0 {
			ratio = math.Sqrt(p.change / p.weight)
		}
		parts = append(parts, Part{Path: s.paths[i], Norm: math.Sqrt(p.gradient), Update: ratio})
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
