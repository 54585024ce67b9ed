package data_test

import (
	"fmt"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train/data"
)

func TestFeedRows(t *testing.T) {
	rows := [][]int32{{1, 2, 3}, {4}}
	for _, c := range []struct {
		size            data.RowSize
		tokens, lengths []int32
		shape           tensor.Shape
	}{
		{data.RowSize{}, []int32{1, 2, 3, 4, 0, 0}, []int32{3, 1}, tensor.Shape{2, 3}},
		{data.RowSize{B: 3, T: 4, Pad: 9}, []int32{1, 2, 3, 9, 4, 9, 9, 9, 9, 9, 9, 9}, []int32{3, 1, 1}, tensor.Shape{3, 4}},
	} {
		feed := must[graph.Feed](t)(data.FeedRows(rows, c.size))
		tokens, lengths := feed["tokens"], feed["lengths"]
		if !slices.Equal(tokens.Int32s(), c.tokens) || !slices.Equal(tokens.Shape(), c.shape) || !slices.Equal(lengths.Int32s(), c.lengths) || len(feed) != 2 {
			t.Errorf("%+v: got %v %v, want %v %v", c.size, tokens.Int32s(), lengths.Int32s(), c.tokens, c.lengths)
		}
	}
	for _, c := range []struct {
		rows  [][]int32
		size  data.RowSize
		words []string
	}{
		{nil, data.RowSize{B: 1, T: 1}, []string{"no rows"}},
		{rows, data.RowSize{B: 1}, []string{"2 rows", "batch of 1"}},
		{rows, data.RowSize{B: -1}, []string{"2 rows", "batch of -1"}},
		{rows, data.RowSize{T: 2}, []string{"row 0", "3 ids", "1 … 2"}},
		{rows, data.RowSize{T: -2}, []string{"row 0", "1 … -2"}},
		{[][]int32{{1}, nil}, data.RowSize{}, []string{"row 1", "0 ids"}},
	} {
		_, err := data.FeedRows(c.rows, c.size)
		wantError(t, err, append(c.words, "data: feed")...)
	}
}

// Rows of ids of different lengths become one batch in one call.
func ExampleFeedRows() {
	feed, err := data.FeedRows([][]int32{{5, 6, 7}, {8}}, data.RowSize{Pad: 1})
	fmt.Println(err, feed["tokens"].Data(), feed["tokens"].Shape(), feed["lengths"].Data())
	// Output: <nil> [5 6 7 8 1 1] (2, 3) [3 1]
}
