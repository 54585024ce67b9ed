package graph

import (
	"slices"
	"time"
)

// Operation is an operation of a Program with its cost and its memory. All memory is in bytes.
type Operation struct {
	Name  string
	Path  string // of the scope that declares it; a gradient has the path of the operation that it differentiates
	Shape []int  // of its first result that is read
	FLOPs int    // floating-point operations of a run
	Bytes int    // read and written in a run, each operand once

	Result    int     // size of the results that are read
	InPlace   bool    // a result overwrites the memory of an earlier one or is added to it
	Taken     int     // memory of the arena that it takes for its results and for its own use; other operations take it again later
	Gradients int     // memory of gradients of parameters that it is the first to write
	Blocks    []Block // the memory of Taken and Gradients; results in other types than the parameters' have none

	Calls int           // runs in a Profile
	Time  time.Duration // of all Calls
}

// Block is a part of the memory that the gradients and the arena of a Program share, in bytes, and the last operation that uses it.
type Block struct {
	Offset, Bytes int
	Until         int // index in Operations; their number for an output, which lives to the end
}

// Operations lists the operations of the size of the last run, in the order of a run. Their costs are those of one run. Calls and Time
// are 0.
func (p *Program) Operations() []Operation { return p.ran.Load().operations() }

func (z *size) operations() []Operation {
	all := make([]Operation, len(z.steps))
	for i, s := range z.steps {
		all[i] = s.operation(i)
	}
	return all
}

// operation describes step i of a plan.
func (s *step) operation(i int) Operation {
	o := Operation{Name: s.name(), Path: s.path, FLOPs: s.flops, Bytes: s.bytes}
	for _, v := range s.out {
		if v.buf == nil {
			continue
		}
		if o.Shape == nil {
			o.Shape = slices.Clone([]int(v.shape))
		}
		o.Result += v.bytes()
		if !o.take(v.buf, i) {
			o.InPlace = true
		}
	}
	if s.scratch.buf != nil {
		o.take(s.scratch.buf, i)
	}
	return o
}

// take counts the memory of a buffer if step i is the first that uses it, and reports whether it is.
func (o *Operation) take(b *buffer, i int) bool {
	if b.place == inLeaf || b.first != i {
		return false
	}
	width := int(b.dt.Size())
	switch b.place {
	case inGrad:
		o.Gradients += b.size * width
		o.Blocks = append(o.Blocks, Block{b.offset * width, b.size * width, b.last})
	case inForeign:
		o.Taken += b.size * width
	default:
		o.Taken += b.size * width
		o.Blocks = append(o.Blocks, Block{b.offset * width, b.size * width, b.last})
	}
	return true
}
