package data

import "github.com/pkg/errors"

// Shapes chooses the shapes of batches that compute the fewest positions for these rows, with this Pad. A row belongs to the shortest
// shape that holds it, and every shape has at least one batch of rows if the data have that many. The result is sorted by T. It is an
// error if a row is empty, or if there are no rows.
func (r Rows) Shapes(s Shaping, pad int32) (sizes []RowSize, err error) {
	defer func() { err = errors.WithMessage(err, "data: shapes of rows") }()
	if err := s.check(); err != nil {
		return nil, err
	}
	if len(r) == 0 {
		return nil, errors.New("the set is empty")
	}
	lengths, counts := distinct(histogram(len(r), func(i int) int { return len(r[i].IDs) }))
	if lengths[0] == 0 {
		return nil, errors.Errorf("%d of %d rows are empty: Rows.Fit drops them", counts[0], len(r))
	}
	for _, end := range partition(lengths, counts, s.most(), s.rows) {
		sizes = append(sizes, RowSize{B: s.rows(lengths[end]), T: lengths[end], Pad: pad})
	}
	return sizes, nil
}
