package data

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Windows is a Source of windows of a Corpus: tokens (B, T), and targets (B, T), which are the tokens shifted by one. A Windows is not
// safe for concurrent use.
type Windows struct {
	Seed   uint64 // seed of the draws
	Spread int    // limits a Sequential to windows with about this many tokens in all, spread evenly over the corpus; 0 keeps all windows

	corpus *Corpus
	b, t   int
	starts func(w *Windows, row int) int
	passes bool // one pass in order, which ends with the corpus

	feed            graph.Feed
	tokens, targets []int32
	row             []int32
}

// Batches returns a Source that draws b windows of t tokens for a batch, each at a random position, as nanoGPT does.
func (c *Corpus) Batches(b, t int) *Windows {
	return &Windows{corpus: c, b: b, t: t, starts: (*Windows).randomStart}
}

// Shuffled returns a Source of windows that do not overlap. It draws every window once in each epoch, in a new order. Each epoch has
// its own offset, so that the tokens that do not fill a window are left out in different places. A batch may span two epochs.
func (c *Corpus) Shuffled(b, t int) *Windows {
	return &Windows{corpus: c, b: b, t: t, starts: (*Windows).shuffledStart}
}

// Sequential returns a Source of the whole corpus once, in order, for evaluation. Every token except the first is a target once.
// Targets of ops.IgnoreTarget fill the last batch. It has Len batches; any other number is an error.
func (c *Corpus) Sequential(b, t int) *Windows {
	return &Windows{corpus: c, b: b, t: t, passes: true}
}

// Len returns the number of batches of one pass over the corpus, rounded up. For Batches, it is the number of batches that hold as
// many tokens as the corpus.
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

// rows returns the number of windows of a pass and of the whole corpus.
func (w *Windows) rows() (some, all int) {
	all = (max(w.corpus.Len()-1, 0) + w.t - 1) / w.t
	if w.Spread > 0 {
		return min((w.Spread-1)/w.t+1, all), all
	}
	return all, all
}

// Batch returns micro-batch i. It is an error if the corpus has fewer than T+1 tokens, or fewer than 2 for Sequential.
func (w *Windows) Batch(i int) (graph.Feed, error) {
	if err := w.prepare(i); err != nil {
		return nil, errors.WithMessagef(err, "data: windows of %s", w.corpus.name)
	}
	for r := range w.b {
		if err := w.fill(i*w.b+r, packedFeed{tokens: w.tokens, targets: w.targets}.row(r, w.t)); err != nil {
			return nil, err
		}
	}
	return w.feed, nil
}

// fill writes a row of tokens and targets.
func (w *Windows) fill(row int, f packedFeed) error {
	start, n := w.window(row)
	if n > 0 {
		if err := w.corpus.Tokens(w.row[:n+1], start); err != nil {
			return err
		}
	}
	copy(f.tokens, w.row[:n])
	clear(f.tokens[n:])
	copy(f.targets, w.row[1:n+1])
	fillIDs(f.targets[n:], ops.IgnoreTarget)
	return nil
}

func (w *Windows) shape() (b, t int, packed bool) { return w.b, w.t, false }

// epoch returns the number of windows of an epoch.
func (w *Windows) epoch() (int, error) {
	if err := w.prepare(0); err != nil {
		return 0, errors.WithMessagef(err, "windows of %s", w.corpus.name)
	}
	return max(w.corpus.Len()-1, 0) / w.t, nil
}

// window returns the start and the length of a row's window. The length is 0 after the last window.
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

// below returns draw i of a seed, a number in 0 … n-1.
func below(n int, s kernel.Seed, i int) int {
	return min(n-1, int(s.Uniform(uint64(i))*float64(n)))
}
