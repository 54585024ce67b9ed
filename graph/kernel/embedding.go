package kernel

import "github.com/pkg/errors"

// CheckIDs returns an error that names the first id outside [0, rows).
func CheckIDs(ids []int32, rows int) error {
	for i, id := range ids {
		if id < 0 || int(id) >= rows {
			return errors.Errorf("kernel: embedding: id %d at position %d is outside the table of %d rows: check the tokenizer and the vocabulary size", id, i, rows)
		}
	}
	return nil
}

func mustIDs(kernel string, ids []int32, table, cols int) {
	if err := CheckIDs(ids, rowsOf(kernel, table, cols)); err != nil {
		panic(err.Error())
	}
}

// Gather copies row ids[i] of table (V, cols) to row i of y (len(ids), cols). The ids must have passed CheckIDs.
func Gather[T Float](y, table []T, ids []int32, cols int) {
	checkLen("gather", "y", len(y), len(ids)*cols)
	mustIDs("gather", ids, len(table), cols)
	parallel(len(ids), rowGrain(cols), gather[T]{y, table, ids, cols})
}

type gather[T Float] struct {
	y, table []T
	ids      []int32
	cols     int
}

func (g *gather[T]) Range(lo, hi int) {
	for i := lo; i < hi; i++ {
		id := int(g.ids[i])
		copy(g.y[i*g.cols:(i+1)*g.cols], g.table[id*g.cols:(id+1)*g.cols])
	}
}
