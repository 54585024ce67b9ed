package inside

import (
	"reflect"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// TestExamples shows the losses of the training data of every kind of batch.
func TestExamples(t *testing.T) {
	all := families(t)
	ids := func(shape []int, v ...int32) *tensor.Dense {
		return tensor.New(tensor.WithShape(shape...), tensor.WithBacking(v))
	}
	for _, c := range []struct {
		model        string
		feed         graph.Feed
		tokens, with int // of the first text, and of them with a loss
	}{
		{"gpt", graph.Feed{"tokens": ids([]int{2, 3}, 7, 8, 9, 7, 8, 9), "targets": ids([]int{2, 3}, 8, 9, 10, 8, 9, 10)}, 4, 3},
		{"seq2seq", graph.Feed{"source": ids([]int{1, 3}, 7, 8, 0), "source_lengths": ids([]int{1}, 2), "tokens": ids([]int{1, 3}, 1, 9, 0), "lengths": ids([]int{1}, 2), "targets": ids([]int{1, 3}, 9, 2, -100)}, 5, 2},
		{"bert", graph.Feed{"tokens": ids([]int{2, 4}, 1, 3, 9, 2, 1, 8, 3, 2), "lengths": ids([]int{2}, 4, 4), "places": ids([]int{2, 1}, 1, 6), "targets": ids([]int{2, 1}, 12, 13)}, 4, 1},
		{"classifier", graph.Feed{"tokens": ids([]int{1, 3}, 1, 7, 0), "lengths": ids([]int{1}, 2), "targets": ids([]int{1}, 1)}, 3, 1},
		{"vit", graph.Feed{"pixels": tensor.New(tensor.WithShape(1, 1, 28, 28), tensor.WithBacking(make([]float32, 784))), "targets": ids([]int{1}, 7)}, 1, 1},
	} {
		m := all[c.model]
		m.Examples = func(step int) ([]Example, error) { return Examples(fixed{c.feed}, step, 1, 10) }
		b, err := m.Batch(3)
		if err != nil {
			t.Fatalf("%s: %v", c.model, err)
		}
		with := 0
		for _, x := range b.Texts[0] {
			if x.LogProb != nil {
				with++
			}
		}
		if len(b.Texts[0]) != c.tokens || with != c.with {
			t.Errorf("%s: %d tokens, %d with a loss, want %d and %d", c.model, len(b.Texts[0]), with, c.tokens, c.with)
		}
		if _, err := m.Batch(11); err == nil || !strings.Contains(err.Error(), "want 1 … 10") {
			t.Errorf("%s: got error %v", c.model, err)
		}
	}
}

// TestPackedExamples: packed documents are read one by one, without the padding.
func TestPackedExamples(t *testing.T) {
	row := func(v ...int32) *tensor.Dense { return tensor.New(tensor.WithShape(1, 6), tensor.WithBacking(v)) }
	feed := graph.Feed{"tokens": row(7, 8, 9, 5, 6, 1), "targets": row(8, 9, 1, 6, 1, ignored), "starts": row(0, 0, 0, 3, 3, 5), "positions": row(0, 1, 2, 0, 1, 0)}
	all, err := Examples(fixed{feed}, 1, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	var got [][]int32
	for _, e := range all {
		got = append(got, e.Tokens, e.Targets)
	}
	if want := [][]int32{{7, 8, 9}, {8, 9, 1}, {5, 6}, {6, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// fixed is a Source whose batches are the same.
type fixed struct{ feed graph.Feed }

func (f fixed) Batch(int) (graph.Feed, error) { return f.feed, nil }
