package models

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/pkg/errors"
	"golang.org/x/sync/errgroup"
)

// partValues is about the most values that a part has.
const partValues = 1 << 18

// ggufPart is some rows of a tensor of a GGUF file, to be written to a parameter in another layout. A parameter is read part by part, so that
// nothing needs memory for a second copy of it.
type ggufPart struct {
	name          string
	first, n      int // rows in the file
	rows, columns int // of the whole tensor
	x             []float32
	transposed    bool
	to            []int     // the row of x for each row; nil means the same row
	plusOne       bool      // 1 is subtracted
	rest          []float32 // rounding errors of the sums with 1, nil for none
}

// parts returns the parts of a parameter with the values x. It fills the values that the file lacks.
func (g GGUF) parts(f GGUFFile, path string, x []float32) ([]ggufPart, error) {
	name := g.Name(path)
	shape, _ := f.Shape(name)
	rest, err := g.readRest(f, path, shape)
	if err != nil {
		return nil, err
	}
	l, matrix := g.layout(path), len(shape) == 2
	if l.cut > 0 && matrix {
		n := min(l.cut*shape[1], len(x))
		if copy(x[:n], rest) < n {
			clear(x[:n]) // a file of another program: nothing reads these rows
		}
		x = x[n:]
	}
	p := ggufPart{name: name, rows: 1, columns: 1, x: x, transposed: l.transposed && matrix}
	if len(shape) > 0 {
		p.rows = shape[0]
		for _, axis := range shape[1:] {
			p.columns *= axis
		}
	}
	if len(x) != p.rows*p.columns {
		return nil, errors.Errorf("models: GGUF: %s has shape %v in the file, the parameter has %d values", name, shape, len(x))
	}
	switch {
	case p.transposed:
	case l.pairs > 0 || l.heads > 0:
		p.to = l.places(shape)
		clear(x)
	case l.plusOne:
		p.plusOne, p.rest = true, rest
	}
	return p.cut(len(shape) < 2 || p.plusOne), nil
}

// places returns the row of the parameter for each row of the file, -1 for none.
func (l layout) places(shape []int) []int {
	to := make([]int, shape[0])
	for i := range to {
		to[i] = -1
	}
	l.moveRows([]int{shape[0], 1}, func(parameter, file, _ int) { to[file] = parameter })
	return to
}

// cut cuts a whole tensor into parts. A vector is one part, because its elements are not blocks.
func (p ggufPart) cut(whole bool) (parts []ggufPart) {
	most := max(1, partValues/max(p.columns, 1))
	if whole {
		most = p.rows
	}
	for p.first = 0; p.first < p.rows; p.first += most {
		p.n = min(most, p.rows-p.first)
		parts = append(parts, p)
	}
	return parts
}

// readParts reads parts on all processors.
func readParts(f GGUFFile, parts []ggufPart) error {
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	var failed atomic.Bool
	for _, p := range parts {
		group.Go(func() error {
			if failed.Load() {
				return nil
			}
			err := p.read(f)
			if err != nil {
				failed.Store(true)
			}
			return err
		})
	}
	return group.Wait()
}

// valueRooms keeps memory for values, so that reading in parts makes no garbage.
var valueRooms = sync.Pool{New: func() any { return new([]float32) }}

func (p ggufPart) read(f GGUFFile) error {
	begin, size := p.first*p.columns, p.n*p.columns
	if !p.transposed && p.to == nil {
		x := p.x[begin : begin+size]
		err := f.ReadValues(p.name, begin, x)
		if err == nil && p.plusOne {
			minusOne(x, p.rest)
		}
		return err
	}
	room := valueRooms.Get().(*[]float32)
	defer valueRooms.Put(room)
	if cap(*room) < size {
		*room = make([]float32, size)
	}
	values := (*room)[:size]
	if err := f.ReadValues(p.name, begin, values); err != nil {
		return err
	}
	if p.transposed {
		p.transpose(values)
	} else {
		p.move(values)
	}
	return nil
}

// transpose writes rows as columns of x.
func (p ggufPart) transpose(values []float32) {
	const side = 16 // a cache line of x
	for i := 0; i < p.n; i += side {
		rows := min(side, p.n-i)
		for j := range p.columns {
			column := p.x[j*p.rows+p.first+i:][:rows]
			for r := range column {
				column[r] = values[(i+r)*p.columns+j]
			}
		}
	}
}

// move writes rows to their places in x.
func (p ggufPart) move(values []float32) {
	n := p.columns
	for i := range p.n {
		if to := p.to[p.first+i]; to >= 0 {
			copy(p.x[to*n:][:n], values[i*n:])
		}
	}
}
