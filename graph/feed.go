package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Feed is the inputs of one run by name: int32 ids, or floats of the parameters' type. Run copies them.
type Feed map[string]*tensor.Dense

// Set sets the inputs for RunAll and chooses the size by their shapes. Every input must be fed with its own shape and type. An error
// names the input, and no input has changed.
func (p *Program) Set(feed Feed) error {
	g, err := p.enter("set")
	if err != nil {
		return err
	}
	defer g.leave()
	return errors.WithMessage(p.feed(feed), "graph: set")
}

// Let sets one input for RunAll. It stays in the size of the last feed, because one input does not determine the size.
func (p *Program) Let(name string, v *tensor.Dense) error {
	g, err := p.enter("run")
	if err != nil {
		return err
	}
	defer g.leave()
	return errors.WithMessage(p.let(name, v), "graph: run")
}

func (p *Program) let(name string, v *tensor.Dense) error {
	z := p.fed.Load()
	l, ok := z.inputs[name]
	switch {
	case !ok:
		return p.unknown(name)
	case v == nil:
		return errors.Errorf("input %s is nil", name)
	case !slices.Equal(v.Shape(), l.shape) && len(p.sizes) > 1:
		return errors.Errorf("input %s has shape %v, want %v, the size of the last feed: set all inputs with Set to change the size", name, v.Shape(), l.shape)
	case !slices.Equal(v.Shape(), l.shape):
		return errors.Errorf("input %s has shape %v, want %v", name, v.Shape(), l.shape)
	}
	if err := l.takes(v); err != nil {
		return err
	}
	copyDense(l.value, v)
	return nil
}

// feed chooses the size of the inputs and copies them.
func (p *Program) feed(feed Feed) error {
	z := p.fitting(feed)
	if z == nil {
		return p.misfit(feed)
	}
	for _, name := range p.names {
		if err := z.inputs[name].takes(feed[name]); err != nil {
			return err
		}
	}
	if len(feed) > len(p.names) {
		for _, name := range slices.Sorted(maps.Keys(feed)) {
			if z.inputs[name] == nil {
				return p.unknown(name)
			}
		}
	}
	if err := p.ready(z); err != nil {
		return err
	}
	for _, name := range p.names {
		copyDense(z.inputs[name].value, feed[name])
	}
	p.fed.Store(z)
	return nil
}

// fitting returns the size whose inputs have the shapes of a feed, nil for none.
func (p *Program) fitting(feed Feed) *size {
	if z := p.fed.Load(); p.fits(z, feed) {
		return z
	}
	for _, z := range p.sizes {
		if p.fits(z, feed) {
			return z
		}
	}
	return nil
}

func (p *Program) fits(z *size, feed Feed) bool {
	for _, name := range p.names {
		if v := feed[name]; v == nil || !slices.Equal(v.Shape(), z.inputs[name].shape) {
			return false
		}
	}
	return true
}

// misfit returns the error of a feed that no size fits: it names the first input that no size with the shapes of the inputs before it
// has.
func (p *Program) misfit(feed Feed) error {
	left, before := p.sizes, ""
	for _, name := range p.names {
		v, ok := feed[name]
		switch {
		case !ok:
			return errors.Errorf("input %s is not fed", name)
		case v == nil:
			return errors.Errorf("input %s is nil", name)
		}
		var fit []*size
		for _, z := range left {
			if slices.Equal(v.Shape(), z.inputs[name].shape) {
				fit = append(fit, z)
			}
		}
		if len(fit) == 0 {
			return errors.Errorf("input %s has shape %v, want %s%s", name, v.Shape(), shapesOf(left, name), before)
		}
		if len(fit) < len(left) {
			before = fmt.Sprintf("%s with %s %v", before, name, v.Shape())
		}
		left = fit
	}
	return nil
}

// shapesOf lists the shapes that an input has in some sizes.
func shapesOf(sizes []*size, name string) string {
	var texts []string
	for _, z := range sizes {
		if t := fmt.Sprint(z.inputs[name].shape); !slices.Contains(texts, t) {
			texts = append(texts, t)
		}
	}
	if len(texts) == 1 {
		return texts[0]
	}
	return "one of " + strings.Join(texts, ", ")
}

func (p *Program) unknown(name string) error {
	return errors.Errorf("there is no input %s: the inputs are %s", name, strings.Join(p.names, ", "))
}

// takes returns an error unless the values of v, which has the shape of the input, can be copied to it.
func (l *leaf) takes(v *tensor.Dense) error {
	switch {
	case v.Dtype() != l.dt:
		return errors.Errorf("input %s has type %v, want %v", l.name, v.Dtype(), l.dt)
	case v.RequiresIterator() || v.DataOrder().IsColMajor():
		return errors.Errorf("input %s is not contiguous: clone it", l.name)
	}
	return nil
}

func copyDense(dst, src *tensor.Dense) {
	switch dst.Dtype() {
	case tensor.Int32:
		copy(dst.Int32s(), src.Int32s())
	case tensor.Float32:
		copy(dst.Float32s(), src.Float32s())
	default:
		copy(dst.Float64s(), src.Float64s())
	}
}
