package generate

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// cache is a state of the model.
type cache struct {
	state  *tensor.Dense
	row    int  // elements of a row
	token  int  // elements of a token, 0 if the state does not depend on the number of tokens
	source bool // the state holds the sources
}

// findCaches lists the states of the model.
func (d *Decoder) findCaches() (all []cache, err error) {
	for _, path := range d.program.States() {
		state := d.program.State(path)
		shape := state.Shape()
		if shape[0] != d.Batch() {
			return nil, errors.Errorf("generate: the model's state %s has shape %v, want its first axis to be the batch of %d", path, shape, d.Batch())
		}
		c := cache{state: state, row: shape.TotalSize() / d.Batch(), source: d.source != nil && d.source.State(path) != nil}
		if !c.source && len(shape) > 2 && shape[1] == d.window {
			c.token = c.row / d.window
		}
		all = append(all, c)
	}
	return all, nil
}

// weight returns the number of tokens in a row, with the source.
func (d *Decoder) weight(i int) int {
	n := d.rows[i].cached()
	if d.sourced {
		n += int(d.sources["source"].Shape()[1])
	}
	return n
}

// swap exchanges two rows, with their sources.
func (d *Decoder) swap(a, b int) {
	if a == b {
		return
	}
	x, y := &d.rows[a], &d.rows[b]
	for _, c := range d.caches {
		if c.source {
			if d.sourced {
				c.swap(a, b, c.row, c.row)
			}
			continue
		}
		c.swap(a, b, c.used(x.cached()), c.used(y.cached()))
	}
	*x, *y = *y, *x
	d.rowOf[x.sequence], d.rowOf[y.sequence] = a, b
}

// copyRows copies rows, and their sources if sources is set.
func (d *Decoder) copyRows(copies []move, sources bool) {
	for _, m := range copies {
		from, to := &d.rows[m.from], &d.rows[m.to]
		for _, c := range d.caches {
			if !c.source {
				c.copy(m.to, m.from, c.used(from.cached()))
			} else if sources && d.sourced {
				c.copy(m.to, m.from, c.row)
			}
		}
		to.replace(from)
		if sources {
			to.source = from.source
		}
	}
}

// used returns the number of elements of a row that holds some tokens.
func (c cache) used(tokens int) int {
	if tokens > 0 && c.token == 0 {
		return c.row
	}
	return tokens * c.token
}

// swap exchanges the first n elements of row a and the first m of row b.
func (c cache) swap(a, b, n, m int) {
	if c.state.Dtype() == tensor.Float64 {
		x := c.state.Float64s()
		exchange(x[a*c.row:], x[b*c.row:], n, m)
	} else {
		x := c.state.Float32s()
		exchange(x[a*c.row:], x[b*c.row:], n, m)
	}
}

func exchange[T any](x, y []T, n, m int) {
	both := min(n, m)
	for i := range both {
		x[i], y[i] = y[i], x[i]
	}
	copy(y[both:n], x[both:n])
	copy(x[both:m], y[both:m])
}

// copy copies the first n elements of a row.
func (c cache) copy(to, from, n int) {
	if c.state.Dtype() == tensor.Float64 {
		x := c.state.Float64s()
		copy(x[to*c.row:][:n], x[from*c.row:][:n])
	} else {
		x := c.state.Float32s()
		copy(x[to*c.row:][:n], x[from*c.row:][:n])
	}
}
