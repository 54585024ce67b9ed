package graph

import (
	"unsafe"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// program makes the Program and allocates all its memory.
func (c *compiler) program() (*Program, error) {
	p := &Program{
		Scale: 1, params: c.params, mode: c.mode, steps: c.steps, stream: c.stream, scale: c.scale, memory: c.memory(),
		inputs: map[string]*leaf{}, states: map[string]*leaf{}, outputs: map[string]*tensor.Dense{}, named: map[string]value{},
		drawing: c.draw(), guard: new(guard),
	}
	for _, l := range c.leaves {
		switch l.kind {
		case paramLeaf:
			continue
		case inputLeaf:
			p.inputs[l.name] = l
		case stateLeaf:
			p.states[l.name] = l
		}
		l.make()
	}
	p.names = sortedKeys(p.inputs)
	for _, o := range c.outputs {
		p.named[o.name] = c.values[o.node]
	}
	p.allocate(c)
	var err error
	if p.targets, err = c.targets(); err != nil {
		return nil, err
	}
	if err := c.params.commit(c.weights, p.bind); err != nil {
		return nil, err
	}
	for _, l := range c.trained {
		if own := c.own[l]; own != nil {
			p.weights = append(p.weights, &Weight{name: l.name, value: l.value, grad: own.tensor, direct: c.direct[l]})
		}
	}
	if c.loss != nil {
		p.loss = p.dense(c.values[c.loss])
	}
	return p, nil
}

// allocate makes the gradients, the arena and the results of Gorgonia's operations in other types.
func (p *Program) allocate(c *compiler) {
	for l, own := range c.own {
		own.tensor = newLarge(l.dt, l.shape)
	}
	for _, b := range c.buffers {
		if b.place == inForeign {
			b.tensor = tensor.New(tensor.Of(b.dt), tensor.WithShape(b.shape.Clone()...))
		}
	}
	if c.params.dt == tensor.Float64 {
		p.arena64 = newLarge(tensor.Float64, []int{max(c.arena, 1)}).Float64s()
	} else {
		p.arena32 = newLarge(tensor.Float32, []int{max(c.arena, 1)}).Float32s()
	}
}

// bind gives every step the memory of its operands and results, and every output its memory.
func (p *Program) bind() {
	for name, v := range p.named {
		p.outputs[name] = p.dense(v)
	}
	for _, s := range p.steps {
		switch {
		case s.kind == foreignStep:
			s.run = p.bindForeign(s)
		case p.params.dt == tensor.Float64:
			s.run = bindStep[float64](p, s)
		default:
			s.run = bindStep[float32](p, s)
		}
	}
}

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
	var data []T
	at := v.offset
	switch d := any(&data).(type) {
	case *[]float32:
		if *d = p.arena32; v.buf.place != inArena {
			*d = v.buf.dense().Float32s()
		}
	case *[]float64:
		if *d = p.arena64; v.buf.place != inArena {
			*d = v.buf.dense().Float64s()
		}
	}
	if v.buf.place == inArena {
		at += v.buf.offset
	}
	return data[at : at+v.size() : at+v.size()]
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

// bindForeign runs one of Gorgonia's operations into planned memory. If the operation allocates its result, the result is copied.
func (p *Program) bindForeign(s *step) func() error {
	in := make([]G.Value, len(s.in))
	for i, v := range s.in {
		in[i] = p.gorgoniaValue(v)
	}
	out := p.gorgoniaValue(s.out[0])
	op := s.node.Op()
	pre, ok := op.(G.UsePreallocDoer)
	if opType(op) == "linAlgBinOp" && len(s.out[0].shape) == 0 {
		ok = false // the product of two vectors cannot write into given memory
	}
	return func() error {
		var v G.Value
		var err error
		if ok {
			v, err = pre.UsePreallocDo(out, in...)
		} else {
			v, err = op.Do(in...)
		}
		if err != nil {
			return errors.Wrapf(err, "%v", op)
		}
		return assign(out, v)
	}
}

// gorgoniaValue returns a value in the form that Gorgonia's operations take: a scalar is a pointer to a number.
func (p *Program) gorgoniaValue(v value) G.Value {
	if len(v.shape) > 0 {
		return p.dense(v)
	}
	switch data := p.slice(v).(type) {
	case []float32:
		return (*G.F32)(unsafe.Pointer(&data[0]))
	case []float64:
		return (*G.F64)(unsafe.Pointer(&data[0]))
	}
	return p.dense(v)
}

// assign copies from into to unless both share memory.
func assign(to, from G.Value) error {
	if to.Uintptr() == from.Uintptr() {
		return nil
	}
	switch to := to.(type) {
	case *G.F32:
		switch f := from.(type) {
		case *G.F32:
			*to = *f
			return nil
		case *tensor.Dense: // with one element
			if f.Dtype() == tensor.Float32 && f.DataSize() == 1 {
				*to = G.F32(f.Float32s()[0])
				return nil
			}
		}
	case *G.F64:
		switch f := from.(type) {
		case *G.F64:
			*to = *f
			return nil
		case *tensor.Dense:
			if f.Dtype() == tensor.Float64 && f.DataSize() == 1 {
				*to = G.F64(f.Float64s()[0])
				return nil
			}
		}
	case *tensor.Dense:
		switch f := from.(type) {
		case *tensor.Dense:
			if f.DataSize() != to.DataSize() {
				break
			}
			if f.RequiresIterator() {
				f = f.Materialize().(*tensor.Dense)
			}
			return tensor.Copy(to, f)
		case G.Scalar: // a slice of one element
			if to.DataSize() == 1 && f.Dtype() == to.Dtype() {
				return to.Memset(f.Data())
			}
		}
	}
	return errors.Errorf("result %T of shape %v for %T of shape %v", from, from.Shape(), to, to.Shape())
}

// checkFinite returns an error for the first result of a step that is not finite. Values kept for the gradient may be infinite: a
// row with no exponentials has a log-sum of −Inf.
func (p *Program) checkFinite(s *step) error {
	for i, v := range s.out {
		if kept := i > 0 && s.op.Of() == nil; kept || v.buf == nil || v.buf.dt != p.params.dt {
			continue
		}
		n := -1
		if p.params.dt == tensor.Float64 {
			n = kernel.FirstNonFinite(floats[float64](p, v))
		} else {
			n = kernel.FirstNonFinite(floats[float32](p, v))
		}
		if n >= 0 {
			return errors.Errorf("result %d of shape %v is not finite at element %d", i, v.shape, n)
		}
	}
	return nil
}
