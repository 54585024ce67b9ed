package graph

import (
	"reflect"

	"gorgonia.org/tensor"
)

// pool identifies memory that the sizes of a Program share, because it holds only the values of one run: the inputs, or the results
// of Gorgonia's operations, of a type that the arena does not hold.
type pool struct {
	place place // inLeaf or inForeign
	dt    tensor.Dtype
}

// demand is the number of elements in every pool.
type demand map[pool]int

// raise makes d cover another size, too.
func (d demand) raise(other demand) {
	for key, n := range other {
		d[key] = max(d[key], n)
	}
}

// bytes returns the size of the pools in one place.
func (d demand) bytes(at place) (sum int) {
	for key, n := range d {
		if key.place == at {
			sum += n * int(key.dt.Size())
		}
	}
	return sum
}

// demand returns the inputs of one size.
func (b *builder) demand() demand {
	d := demand{}
	for _, l := range b.inputs {
		d[pool{inLeaf, l.dt}] += l.size()
	}
	return d
}

// demand returns the inputs and the foreign results of one size.
func (c *compiler) demand() demand {
	d := c.builder.demand()
	for _, b := range c.buffers {
		if b.place == inForeign {
			d[pool{inForeign, b.dt}] += b.size
		}
	}
	return d
}

// constantBytes returns the size of the constants, which the sizes of a Program do not share.
func (b *builder) constantBytes() (sum int) {
	for _, l := range b.leaves {
		if l.kind == constantLeaf {
			sum += l.bytes()
		}
	}
	return sum
}

// part returns a tensor over the elements of a larger one from at on.
func part(pool *tensor.Dense, at int, shape tensor.Shape) *tensor.Dense {
	data := reflect.ValueOf(pool.Data()).Slice(at, at+shape.TotalSize()).Interface()
	return tensor.New(tensor.WithShape(shape.Clone()...), tensor.WithBacking(data))
}
