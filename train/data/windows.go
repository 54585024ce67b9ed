package data

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Windows is a Source of windows of a Corpus: tokens (B, T), and targets (B, T), which are the tokens one further on. Seed may be
// set before the first Batch. A Windows is for one goroutine at a time.
type Windows struct {
	Seed uint64

	corpus *Corpus
	b, t   int
	starts func(w *Windows, row int) int
	passes bool // windows in order, ending with the corpus
	some   int  // windows of a pass, spread evenly over the corpus; 0 for all

	feed            graph.Feed
	tokens, targets []int32
	row             []int32
}

// Batches draws windows of t tokens at random, each row of a batch of b for itself, as nanoGPT does.
func (c *Corpus) Batches(b, t int) *Windows {
	return &Windows{corpus: c, b: b, t: t, starts: (*Windows).randomStart}
}

// Shuffled takes windows that do not overlap, all of them once in each epoch, in a new order. Tokens that do not fill
// a window are left out at the front or the end: each epoch has its own offset. A batch may end one epoch and begin the
// next.
func (c *Corpus) Shuffled(b, t int) *Windows {
	return &Windows{corpus: c, b: b, t: t, starts: (*Windows).shuffledStart}
}

// Sequential takes all of the corpus once and in order, for evaluation: every token but the first is a target once. The last
// batch is filled up with targets of ops.IgnoreTarget. It has Len batches; any other is an error.
func (c *Corpus) Sequential(b, t int) *Windows {
	return &Windows{corpus: c, b: b, t: t, passes: true}
}

// Spread bounds a Sequential to as many windows as hold about this many tokens, spread evenly over the corpus; 0 keeps them all.
// It returns w.
func (w *Windows) Spread(tokens int) *Windows {
	w.some = 0
	if tokens > 0 && w.t > 0 {
		w.some = (tokens-1)/w.t + 1
	}
	return w
}

// Len is the number of batches that go through the corpus once, rounded up; of those of Batches, the number that hold as many
// tokens.
func (w *Windows) Len() int {
	if w.b < 1 || w.t < 1 {
		return 0
	}
	rows := max(w.corpus.Len()-1, 0) / w.t
	if w.passes {
		rows, _ = w.rows()
	}
	return (rows + w.b - 1) / w.b
}

// rows is the number of windows of a pass, and of all the corpus.
func (w *Windows) rows() (some, all int) {
	all = (max(w.corpus.Len()-1, 0) + w.t - 1) / w.t
	if w.some > 0 {
		return min(w.some, all), all
	}
	return all, all
}

// Batch is micro-batch i. A corpus of fewer than T+1 tokens is an error, for Sequential one of fewer than 2.
func (w *Windows) Batch(i int) (graph.Feed, error) {
	if err := w.prepare(i); err != nil {
		return nil, errors.WithMessagef(err, "data: windows of %s", w.corpus.name)
	}
	for r := range w.b {
		row := i*w.b + r
		tokens, targets := w.tokens[r*w.t:(r+1)*w.t], w.targets[r*w.t:(r+1)*w.t]
		start, n := w.window(row)
		if n > 0 {
			if err := w.corpus.Tokens(w.row[:n+1], start); err != nil {
				return nil, err
			}
		}
		copy(tokens, w.row[:n])
		clear(tokens[n:])
		copy(targets, w.row[1:n+1])
		fillIDs(targets[n:], ops.IgnoreTarget)
	}
	return w.feed, nil
}

// window returns the start of a row's window and its length, 0 for a row behind the last.
func (w *Windows) window(row int) (start, n int) {
	if !w.passes {
		return w.starts(w, row), w.t
	}
	some, all := w.rows()
	if row >= some {
		return 0, 0
	}
	start = w.t * spread(row, some, all)
	return start, min(w.t, w.corpus.Len()-1-start)
}

func (w *Windows) prepare(i int) error {
	if err := checkSizes("B", w.b, "T", w.t); err != nil {
		return err
	}
	need, batches := w.t+1, -1
	if w.passes {
		need, batches = 2, w.Len()
	}
	if n := w.corpus.Len(); n < need {
		return errors.Errorf("%d tokens are fewer than the %d of a window of %d and its last target: take shorter windows or more text",
			n, need, need-1)
	}
	if err := checkBatch(i, batches); err != nil {
		return err
	}
	if w.feed == nil {
		w.feed = graph.Feed{}
		w.tokens, w.targets = addIDs(w.feed, "tokens", w.b, w.t), addIDs(w.feed, "targets", w.b, w.t)
		w.row = make([]int32, w.t+1)
	}
	return nil
}

func (w *Windows) randomStart(row int) int {
	s := kernel.Seed{Key: kernel.Key(w.Seed, "windows")}
	return below(w.corpus.Len()-w.t, s, row)
}

func (w *Windows) shuffledStart(row int) int {
	n := w.corpus.Len() - 1
	o := order{n: n / w.t, key: kernel.Key(w.Seed, "windows")}
	item, epoch := o.item(row)
	offset := below(n%w.t+1, kernel.Seed{Key: kernel.Key(w.Seed, "offsets")}, epoch)
	return offset + item*w.t
}

// below is number i of the numbers 0 … n-1 that a seed draws.
func below(n int, s kernel.Seed, i int) int {
	return min(n-1, int(s.Uniform(uint64(i))*float64(n)))
}
