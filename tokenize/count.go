package tokenize

import (
	"cmp"
	"hash/fnv"
	"iter"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
)

// Progress says how far a training is. The last of each phase has Done equal to Total, and only that one.
type Progress struct {
	Phase string // "count": bytes of text read; "merge": entries of the vocabulary; "estimate": rounds of a UnigramTrainer
	Done  int64
	Total int64 // a guess that may fall, or 0 while it is not known
}

// counter counts the pieces of texts. Memory grows with the number of different pieces up to a bound, not with the text.
type counter struct {
	normalizer Normalizer
	splitter   Splitter
	special    *matcher // texts are parted here, as they will be when encoded
	workers    int      // 0: GOMAXPROCS
	most       int      // different pieces that are kept at most; 0: defaultPieces
	progress   func(Progress)
}

const (
	batchBytes    = 1 << 18 // text handed to a worker at a time
	batchTexts    = 1 << 10
	roundBytes    = 8          // text read between two looks at the bound, for each piece that may be kept
	defaultPieces = 10_000_000 // at about 100 bytes each, a gigabyte
)

// tally is the pieces that one worker has seen.
type tally struct {
	index  map[string]int32
	pieces []string
	counts []int64
}

func newTally() *tally { return &tally{index: map[string]int32{}} }

func (t *tally) add(piece string, n int64) {
	i, ok := t.index[piece]
	if !ok {
		piece = strings.Clone(piece) // the text it lies in shall not stay
		i = t.put(piece)
	}
	t.counts[i] += n
}

// put makes an entry for a piece that has none.
func (t *tally) put(piece string) int32 {
	i := int32(len(t.pieces))
	t.index[piece] = i
	t.pieces = append(t.pieces, piece)
	t.counts = append(t.counts, 0)
	return i
}

// take moves the pieces of o to t.
func (t *tally) take(o *tally) {
	if len(t.pieces) == 0 {
		*t, *o = *o, *newTally()
		return
	}
	for i, piece := range o.pieces {
		at, ok := t.index[piece]
		if !ok {
			at = t.put(piece)
		}
		t.counts[at] += o.counts[i]
	}
	*o = *newTally()
}

// prune leaves most pieces, the most frequent. Which of the rarest stay is drawn by a hash, so that no script is preferred
// and the order of the pieces does not matter.
func (t *tally) prune(most int) {
	counts := slices.Sorted(slices.Values(t.counts))
	least := counts[len(counts)-most]
	kept := newTally()
	type draw struct {
		hash uint64
		i    int
	}
	var ties []draw
	for i, n := range t.counts {
		if n > least {
			kept.counts[kept.put(t.pieces[i])] = n
		} else if n == least {
			h := fnv.New64a()
			_, _ = h.Write([]byte(t.pieces[i])) // a hash never fails
			ties = append(ties, draw{h.Sum64(), i})
		}
	}
	slices.SortFunc(ties, func(a, b draw) int {
		if a.hash != b.hash {
			return cmp.Compare(a.hash, b.hash)
		}
		return strings.Compare(t.pieces[a.i], t.pieces[b.i])
	})
	for _, d := range ties[:most-len(kept.pieces)] {
		kept.counts[kept.put(t.pieces[d.i])] = least
	}
	*t = *kept
}

// counting is one run of a counter.
type counting struct {
	*counter
	all     *tally
	tallies []*tally // one for each worker
	batches chan []string
	pending sync.WaitGroup // batches that are not counted yet
	done    atomic.Int64
	batch   []string
	size    int // bytes of batch
	round   int // bytes since the last look at the bound
	failed  atomic.Pointer[error]
}

// count returns every piece of texts with its count. The order of the pieces varies from run to run, the sums do not.
// The error is that of a stage, whose panic is an error, too.
func (c *counter) count(texts iter.Seq[string]) (*tally, error) {
	run := &counting{counter: c, all: newTally()}
	if c.most <= 0 {
		c.most = defaultPieces
	}
	workers := c.workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	run.batches = make(chan []string, workers)
	for range workers {
		t := newTally()
		run.tallies = append(run.tallies, t)
		split := splitting(c.splitter, func(piece string, _ bool) error {
			t.add(piece, 1)
			return nil
		})
		go func() {
			for batch := range run.batches {
				if err := guard(func() error { return run.texts(batch, split) }); err != nil {
					run.failed.CompareAndSwap(nil, &err)
				}
				run.pending.Done()
			}
		}()
	}
	run.feed(texts)
	run.flush()
	run.gather()
	close(run.batches)
	if n := run.done.Load(); c.progress != nil {
		c.progress(Progress{"count", n, n})
	}
	if err := run.failed.Load(); err != nil {
		return nil, *err
	}
	return run.all, nil
}

// texts hands the pieces of a batch to each. After an error nothing more is counted.
func (c *counting) texts(batch []string, each pieceFunc) error {
	for _, text := range batch {
		if c.failed.Load() != nil {
			return nil
		}
		if err := c.text(text, each); err != nil {
			return err
		}
		c.done.Add(int64(len(text)))
	}
	return nil
}

func (c *counting) report() {
	if n := c.done.Load(); c.progress != nil && n > 0 {
		c.progress(Progress{Phase: "count", Done: n})
	}
}

// feed sends texts to the workers. One that is much larger than a batch is cut where that changes no piece.
func (c *counting) feed(texts iter.Seq[string]) {
	sc := scannerOf(c.splitter)
	if c.normalizer != nil || c.special != nil {
		sc = nil
	}
	for text := range texts {
		if c.failed.Load() != nil {
			return
		}
		for sc != nil && len(text) > 2*batchBytes {
			n := sc.Cut(text, batchBytes)
			c.send(text[:n])
			text = text[n:]
		}
		c.send(text)
	}
}

func (c *counting) send(text string) {
	c.batch = append(c.batch, text)
	if c.size += len(text); c.size >= batchBytes || len(c.batch) == batchTexts {
		c.flush()
		c.report()
	}
	if c.round >= c.most*roundBytes {
		c.gather()
	}
}

// flush hands over the batch.
func (c *counting) flush() {
	c.pending.Add(1)
	c.batches <- c.batch
	c.round += c.size
	c.batch, c.size = nil, 0
}

// gather waits until all is counted, and keeps to the bound. The places where this happens depend on the text alone, so
// that the result does not depend on the number of workers.
func (c *counting) gather() {
	c.pending.Wait()
	for _, t := range c.tallies {
		c.all.take(t)
	}
	if len(c.all.pieces) > c.most {
		c.all.prune(max(1, c.most/4*3))
	}
	c.round = 0
}

// text hands the pieces of one text to each.
func (c *counter) text(text string, each pieceFunc) error {
	for at := 0; at < len(text); {
		_, s, ok := c.special.find(text, at, Allow)
		if !ok {
			s = Span{len(text), len(text)}
		}
		x, err := normalize(c.normalizer, Text{s: text[at:s.Start], at: at})
		if err != nil {
			return err
		}
		if x.s != "" {
			if err := each(x.s, at == 0); err != nil {
				return err
			}
		}
		at = s.End
	}
	return nil
}
