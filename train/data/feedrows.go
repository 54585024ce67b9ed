package data

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
)

// FeedRows returns one batch of rows of ids: tokens (B, T), padded with Pad, and lengths (B). A B of 0 means len(rows), and a T of 0
// means the length of the longest row. If rows has fewer than B rows, rows of one Pad fill the batch.
func FeedRows(rows [][]int32, size RowSize) (graph.Feed, error) {
	if size.B == 0 {
		size.B = len(rows)
	}
	if size.T == 0 {
		for _, row := range rows {
			size.T = max(size.T, len(row))
		}
	}
	switch {
	case len(rows) == 0:
		return nil, errors.New("data: feed: no rows, want at least 1")
	case size.B < len(rows):
		return nil, errors.Errorf("data: feed: %d rows for a batch of %d: feed fewer at a time", len(rows), size.B)
	}
	feed := graph.Feed{}
	for i, row := range rows {
		if n := len(row); n < 1 || n > size.T {
			return nil, errors.Errorf("data: feed: row %d has %d ids, want 1 … %d", i, n, size.T)
		}
	}
	tokens, lengths := addIDs(feed, "tokens", size.B, size.T), addIDs(feed, "lengths", size.B)
	fillIDs(tokens, size.Pad)
	fillIDs(lengths, 1)
	for i, row := range rows {
		copy(tokens[i*size.T:], row)
		lengths[i] = int32(len(row))
	}
	return feed, nil
}
