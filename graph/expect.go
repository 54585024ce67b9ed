package graph

import (
	"maps"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// expectation is the shapes that new parameters must have.
type expectation struct {
	source string
	shapes map[string][]int
}

// Expect checks every parameter that is declared from now on against shapes, the shapes of a file by path, which checkpoints.Shapes
// reads. source names the file in messages. A declaration ends at the first parameter of another shape, before any memory is
// allocated, so that a configuration for another file costs nothing. It also ends when the file lacks more than twice as many
// parameters as it has. Fewer missing names are left to checkpoints.LoadWeights, which lists them all. A parameter that the file has begins
// as zeros, because its values are to be loaded. Nil shapes expect nothing.
func (p *Params) Expect(source string, shapes map[string][]int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = nil
	if shapes != nil {
		p.expected = &expectation{source, maps.Clone(shapes)}
	}
}

// has reports whether the file has a parameter.
func (e *expectation) has(path string) bool {
	if e == nil {
		return false
	}
	_, ok := e.shapes[path]
	return ok
}

// expects returns the expectation that a Build checks its declaration against.
func (p *Params) expects() *expectation {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.expected
}

// expect checks a new parameter against the expectation.
func (b *builder) expect(path string, shape []int) error {
	e := b.expected
	if e == nil {
		return nil
	}
	want, ok := e.shapes[path]
	switch {
	case ok && !slices.Equal(want, shape):
		return errors.Errorf("parameter has shape %v in %s but the configuration asks for %v", tensor.Shape(want), e.source, tensor.Shape(shape))
	case !ok:
		if b.absent++; b.absent == 1 {
			b.firstAbsent = path
		}
		if b.absent > 2*len(e.shapes) {
			return errors.Errorf("%s has %d parameters but the configuration asks for more: it lacks %s and %d others so far",
				e.source, len(e.shapes), b.firstAbsent, b.absent-1)
		}
	}
	return nil
}
