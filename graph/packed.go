package graph

import (
	"iter"
	"maps"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// packed is a parameter in few bits.
type packed struct {
	shape []int
	w     *kernel.Packed
}

// Packing is the form of a parameter in few bits: a matrix of Rows by Cols weights. If Trans is set, it is the transpose of the parameter,
// as for the weight of a Linear with InOut.
type Packing struct {
	Shape      []int // of the parameter
	Rows, Cols int
	Trans      bool
	Table      bool // it is only looked up: no product reads it
}

// Packings returns the parameters, by path, that a declaration only reads in operations that take a matrix in few bits: ops.Linear,
// ops.Embedding and ops.LinearCrossEntropy. In mode Train, the backward pass is included and trained parameters are not listed. It allocates
// nothing and leaves p unchanged.
func Packings(p *Params, mode Mode, declare func(*Scope)) (_ map[string]Packing, err error) {
	defer annotate(&err, "graph: packings")
	b, err := declared(p, mode, declare)
	if err != nil {
		return nil, err
	}
	defer declaring.take()()
	c, err := b.laidOut()
	if err != nil {
		return nil, err
	}
	all, refused := map[string]Packing{}, map[string]bool{}
	if b.params.dt != tensor.Float32 {
		return all, nil
	}
	c.reads(func(s *step, i int, l *leaf) {
		form, ok := s.packing(i, l)
		before, known := all[l.name]
		if !ok || known && before.Trans != form.Trans {
			refused[l.name] = true
		}
		form.Table = form.Table && (!known || before.Table)
		all[l.name] = form
	})
	for _, n := range c.roots() {
		if v := c.values[n]; v.buf != nil && v.buf.place == inLeaf {
			refused[v.buf.leaf.name] = true
		}
	}
	if mode == Train {
		for _, l := range b.trained {
			refused[l.name] = true
		}
	}
	for path := range refused {
		delete(all, path)
	}
	return all, nil
}

// reads calls f for every operand of a step that is a parameter or a part of one.
func (c *compiler) reads(f func(s *step, i int, l *leaf)) {
	for _, s := range c.steps {
		for i, v := range s.in {
			if v.buf != nil && v.buf.place == inLeaf && v.buf.leaf.kind == paramLeaf {
				f(s, i, v.buf.leaf)
			}
		}
	}
}

// packing returns the form of a parameter that is operand i in few bits. ok is false if the step does not take one.
func (s *step) packing(i int, l *leaf) (form Packing, ok bool) {
	v := s.in[i]
	if s.kind != opStep || !slices.Contains(s.op.Packed, i) || len(l.shape) != 2 || !slices.Equal(v.shape, l.shape) {
		return form, false
	}
	form = Packing{Shape: slices.Clone([]int(l.shape)), Rows: l.shape[0], Cols: l.shape[1], Trans: s.op.PackedTrans, Table: i == 0}
	if form.Trans {
		form.Rows, form.Cols = form.Cols, form.Rows
	}
	return form, true
}

// Pack makes a parameter a matrix in few bits, which Programs built from now on read as it is. The form is from Packings. Such a parameter is
// never trained, and All, Len, Size and Value do not know it. Programs that read it in another operation, such as ops.Add, are refused.
//
// It is an error if p has the parameter already, or if the form and the matrix differ.
func (p *Params) Pack(path string, form Packing, w *kernel.Packed) error {
	if err := checkPacked(form, w); err != nil {
		return errors.WithMessagef(err, "graph: pack %s", path)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.byName[path] != nil || p.packed[path] != nil {
		return errors.Errorf("graph: pack %s: the parameter exists already: pack it before the first Build", path)
	}
	if p.packed == nil {
		p.packed = map[string]*packed{}
	}
	p.packed[path] = &packed{slices.Clone(form.Shape), w}
	return nil
}

// Pack returns parameters with the weights of p in few bits, where the declaration and the format allow it. All other weights are those of p,
// shared, and the same weights are frozen. Tables that are only looked up have at least 8 bits.
func Pack(p *Params, q kernel.Quant, mode Mode, declare func(*Scope)) (*Params, error) {
	forms, err := Packings(p, mode, declare)
	if err != nil {
		return nil, err
	}
	out := NewParams(p.dt, p.seed)
	out.carried = slices.Clip(p.carried)
	p.mu.RLock()
	out.freezes = slices.Clone(p.freezes)
	p.mu.RUnlock()
	for path, t := range p.All() {
		form, ok := forms[path]
		if f := form.Format(q); ok && f.Packs(form.Cols) {
			err = out.Pack(path, form, form.Round(f, t.Float32s()))
		} else {
			out.names, out.byName[path] = append(out.names, path), t
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// Format returns the format for a parameter if q is asked for: a table that is only looked up has at least 8 bits, because a lookup reads
// little.
func (f Packing) Format(q kernel.Quant) kernel.Quant {
	if weights, bytes := q.Block(); f.Table && bytes < weights {
		return kernel.Q8_0
	}
	return q
}

// Round returns the matrix of the parameter's values, which are finite, in a format that packs its rows.
func (f Packing) Round(q kernel.Quant, values []float32) *kernel.Packed {
	m := kernel.Matrix[float32]{Data: values, Stride: f.Cols}
	if f.Trans {
		m.Stride, m.Trans = f.Rows, true
	}
	return kernel.Pack(q, f.Rows, f.Cols, m)
}

func checkPacked(form Packing, w *kernel.Packed) error {
	switch {
	case w == nil:
		return errors.New("the matrix is nil")
	case w.Rows != form.Rows || w.Cols != form.Cols:
		return errors.Errorf("the matrix is %d by %d, the form is %d by %d", w.Rows, w.Cols, form.Rows, form.Cols)
	case !w.Format.Packs(w.Cols):
		return errors.Errorf("%v does not pack rows of %d weights", w.Format, w.Cols)
	case len(w.Data) != w.Rows*w.Format.Bytes(w.Cols):
		return errors.Errorf("the matrix has %d bytes, %d by %d weights of %v take %d", len(w.Data), w.Rows, w.Cols, w.Format, w.Rows*w.Format.Bytes(w.Cols))
	}
	return nil
}

// Packed returns the parameter at a path that Pack has set, nil for none.
func (p *Params) Packed(path string) *kernel.Packed {
	if q := p.findPacked(path); q != nil {
		return q.w
	}
	return nil
}

// AllPacked iterates over the parameters that Pack has set, in order of their paths, as of the start of the iteration.
func (p *Params) AllPacked() iter.Seq2[string, *kernel.Packed] {
	return func(yield func(string, *kernel.Packed) bool) {
		p.mu.RLock()
		all := maps.Clone(p.packed)
		p.mu.RUnlock()
		for _, path := range slices.Sorted(maps.Keys(all)) {
			if !yield(path, all[path].w) {
				return
			}
		}
	}
}

func (p *Params) findPacked(path string) *packed {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.packed[path]
}

// checkPacked returns an error if a step does not take a parameter in few bits as it is packed, or if a result is one.
func (c *compiler) checkPacked() (err error) {
	c.reads(func(s *step, i int, l *leaf) {
		if l.packed == nil || err != nil {
			return
		}
		if form, ok := s.packing(i, l); !ok || form.Rows != l.packed.Rows || form.Cols != l.packed.Cols {
			err = errors.Errorf("%s: parameter is packed as %v, which %v cannot read: build over Params with its values", l.name, l.packed.Format, s.node.Op())
		}
	})
	for _, n := range c.roots() {
		if v := c.values[n]; err == nil && v.buf != nil && v.buf.leaf != nil && v.buf.leaf.packed != nil {
			err = errors.Errorf("%s: parameter is packed as %v, which is no output", v.buf.leaf.name, v.buf.leaf.packed.Format)
		}
	}
	return err
}
