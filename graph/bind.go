package graph

import (
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

func bindStep[T kernel.Float](p *Program, s *step) func() error {
	in, out := args[T](p, s.in), args[T](p, s.out)
	switch s.kind {
	case addStep:
		return func() error { kernel.Binary(kernel.Add, out[0].F, in[0].F, in[1].F); return nil }
	case sumStep:
		return bindSum(s, out[0].F, in[0].F)
	case copyStep:
		return func() error { copy(out[0].F, in[0].F); return nil }
	}
	var scratch []T
	if s.scratch.buf != nil {
		scratch = floats[T](p, s.scratch)
	}
	return ops.Bind(s.op, in, out, scratch)
}

var isTrue = true

func args[T kernel.Float](p *Program, vs []value) []ops.Arg[T] {
	as := make([]ops.Arg[T], len(vs))
	for i, v := range vs {
		as[i] = ops.Arg[T]{Shape: v.shape}
		switch {
		case v.buf == nil:
		case v.buf.leaf != nil && v.buf.leaf.packed != nil:
			as[i].W = v.buf.leaf.packed
		case v.buf.dt == tensor.Int32:
			as[i].I = v.buf.dense().Int32s()[v.offset : v.offset+v.size()]
		default:
			as[i].F = floats[T](p, v)
		}
		switch v.adds {
		case always:
			as[i] = as[i].Adding(&isTrue)
		case onRequest:
			as[i] = as[i].Adding(&p.Accumulate)
		}
	}
	return as
}

// dense returns the tensor of a buffer outside the arena.
func (b *buffer) dense() *tensor.Dense {
	if b.leaf != nil {
		return b.leaf.value
	}
	return b.tensor
}

// floats returns a value's memory.
func floats[T kernel.Float](p *Program, v value) []T {
	from, at := v.buf.dense(), v.offset
	if v.buf.place == inArena {
		from, at = p.arena(v.buf)
		at += v.offset
	}
	var data []T
	switch d := any(&data).(type) {
	case *[]float32:
		*d = from.Float32s()
	case *[]float64:
		*d = from.Float64s()
	}
	return data[at : at+v.size() : at+v.size()]
}

// arena returns the memory that holds a buffer of the arena, and the buffer's offset in it.
func (p *Program) arena(b *buffer) (*tensor.Dense, int) {
	if b.lent && p.spare != nil {
		return p.spare, b.spare
	}
	return p.shared, b.offset
}

// dense returns a tensor over a value's memory. A scalar gets shape (1).
func (p *Program) dense(v value) *tensor.Dense {
	shape := v.shape.Clone()
	if len(shape) == 0 {
		shape = tensor.Shape{1}
	}
	return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(p.slice(v)))
}

// slice returns a value's memory as a slice of its type.
func (p *Program) slice(v value) any {
	switch {
	case v.buf.dt == tensor.Float32:
		return floats[float32](p, v)
	case v.buf.dt == tensor.Float64:
		return floats[float64](p, v)
	case v.buf.dt == tensor.Int32:
		return v.buf.dense().Int32s()[v.offset : v.offset+v.size()]
	}
	return v.buf.dense().Data() // a value of another type fills its buffer
}
