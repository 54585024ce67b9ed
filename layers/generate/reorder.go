package generate

import "github.com/pkg/errors"

// Reorder replaces each sequence b by a copy of sequence parents[b], for beam search. It copies a sequence only for its second and
// further children.
func (d *Decoder) Reorder(parents []int) error { return d.reorder(parents, true) }

// reorder is Reorder. It copies the sources only if sources is set.
func (d *Decoder) reorder(parents []int, sources bool) error {
	if len(parents) != d.Batch() {
		return errors.Errorf("generate: %d parents for a batch of %d", len(parents), d.Batch())
	}
	for b, p := range parents {
		if p < 0 || p >= d.Batch() {
			return errors.Errorf("generate: parent %d of sequence %d is not in the batch of %d", p, b, d.Batch())
		}
	}
	d.copyRows(inherit(d.rowOf, parents), sources)
	for b, i := range d.rowOf {
		d.rows[i].sequence = b
	}
	return nil
}

// move copies row from to row to.
type move struct{ to, from int }

// inherit gives every sequence b the row of its parent, or another row and a copy into it. A sequence that is its own parent keeps its
// row. No row is both read and written.
func inherit(rowOf, parents []int) (copies []move) {
	n := len(rowOf)
	old, heir := append([]int(nil), rowOf...), make([]int, n) // heir[p] is 1 + the child that gets the row of p
	for b, p := range parents {
		if heir[p] == 0 || p == b {
			heir[p] = b + 1
		}
	}
	free := 0
	for b, p := range parents {
		if heir[p] == b+1 {
			rowOf[b] = old[p]
			continue
		}
		for heir[free] != 0 {
			free++
		}
		rowOf[b] = old[free]
		copies = append(copies, move{old[free], old[p]})
		free++
	}
	return copies
}
