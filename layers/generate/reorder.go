package generate

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Reorder replaces each sequence b by a copy of sequence parents[b], for beam search. It copies only the sequences that change.
func (d *Decoder) Reorder(parents []int) error { return d.reorder(parents, true) }

// reorder is Reorder. It moves the sources only if sources is set.
func (d *Decoder) reorder(parents []int, sources bool) error {
	if len(parents) != d.Batch() {
		return errors.Errorf("generate: %d parents for a batch of %d", len(parents), d.Batch())
	}
	used := 0
	for b, p := range parents {
		if p < 0 || p >= d.Batch() {
			return errors.Errorf("generate: parent %d of sequence %d is not in the batch of %d", p, b, d.Batch())
		}
		used = max(used, len(d.tokens[p]))
	}
	copies := moves(parents)
	if len(copies) == 0 {
		return nil
	}
	tokens := append(d.tokens, d.spareTokens)
	for _, m := range copies {
		tokens[m.to] = append(tokens[m.to][:0], tokens[m.from]...)
	}
	d.tokens, d.spareTokens = tokens[:d.Batch():d.Batch()], tokens[d.Batch()]
	for _, p := range d.programs {
		if sources && p.sourceSizes != nil {
			moveRows(p.sourceSizes, copies, d.Batch(), 1, nil)
		}
	}
	one := d.programs[0]
	for _, path := range one.States() {
		state := one.State(path)
		count := state.Shape().TotalSize() / d.Batch()
		switch {
		case d.source != nil && d.source.State(path) != nil:
			if !sources {
				continue
			}
		case state.Dims() > 2 && state.Shape()[1] == d.window:
			count = count / d.window * used
		}
		d.moveState(state, copies, count)
	}
	return nil
}

// moveState copies the first count elements of rows of a state, which has one row for each sequence.
func (d *Decoder) moveState(state *tensor.Dense, copies []move, count int) {
	if state.Dtype() == tensor.Float64 {
		d.spare64 = moveRows(state.Float64s(), copies, d.Batch(), count, d.spare64)
	} else {
		d.spare32 = moveRows(state.Float32s(), copies, d.Batch(), count, d.spare32)
	}
}

func moveRows[T any](x []T, copies []move, rows, count int, spare []T) []T {
	size := len(x) / rows
	row := func(r int) []T {
		if r < rows {
			return x[r*size:][:count]
		}
		if len(spare) < count {
			spare = make([]T, count)
		}
		return spare[:count]
	}
	for _, m := range copies {
		copy(row(m.to), row(m.from))
	}
	return spare
}

// move copies row from to row to.
type move struct{ to, from int }

// moves returns the copies, in order, that replace each row b by the old row parents[b]. Cycles use row len(parents) as a spare.
func moves(parents []int) (list []move) {
	from, spare := slices.Clone(parents), len(parents)
	read := func(row int) bool {
		for b, p := range from {
			if p == row && b != row {
				return true
			}
		}
		return false
	}
	for {
		cycle, moved := -1, false
		for b, p := range from {
			if p == b {
				continue
			}
			if read(b) {
				cycle = b
				continue
			}
			list, from[b], moved = append(list, move{b, p}), b, true
		}
		if !moved && cycle < 0 {
			return list
		}
		if !moved {
			list = append(list, move{spare, cycle})
			for b, p := range from {
				if p == cycle && b != cycle {
					from[b] = spare
				}
			}
		}
	}
}
