package trainer

import (
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/internal/guard"
)

// counter counts the pieces of texts. Its memory grows with the number of different pieces, up to a bound, not with the text.
type counter struct {
	pieces   *tokenize.Pieces
	workers  int  // 0: GOMAXPROCS
	most     int  // the most different pieces to keep; 0: defaultPieces
	bytes    bool // texts may hold any bytes, otherwise only UTF-8
	progress func(Progress)
}

const (
	batchBytes    = 1 << 18 // text that a worker gets at a time
	batchTexts    = 1 << 10
	roundBytes    = 8          // bytes of text between two checks of the bound, for each piece that may be kept
	defaultPieces = 10_000_000 // at about 100 bytes each, a gigabyte
)

// counting is one run of a counter.
type counting struct {
	*counter
	all     *tally
	tallies []*tally // by worker
	batches chan []string
	pending sync.WaitGroup // batches not counted yet
	done    atomic.Int64
	batch   []string
	size    int // bytes of batch
	round   int // bytes since the last check of the bound
	failed  atomic.Pointer[error]
}

// count returns every piece of texts with its count. The order of the pieces varies from run to run, the counts do not.
// It returns the first error of a stage; a panic of a stage is an error.
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
		count := c.pieces.Each(func(piece string) error {
			t.add(piece, 1)
			return nil
		})
		go func() {
			for batch := range run.batches {
				if err := guard.Do(func() error { return run.texts(batch, count) }); err != nil {
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

// texts counts the pieces of a batch. After an error it counts nothing more.
func (c *counting) texts(batch []string, count func(text string) error) error {
	for _, text := range batch {
		if c.failed.Load() != nil {
			return nil
		}
		if err := count(text); err != nil {
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

// feed sends texts to the workers, long texts in parts.
func (c *counting) feed(texts iter.Seq[string]) {
	number := 0
	for text := range texts {
		if c.failed.Load() != nil {
			return
		}
		if number++; !c.bytes && !utf8.ValidString(text) {
			err := invalidText(text, number)
			c.failed.CompareAndSwap(nil, &err)
			return
		}
		if len(text) <= batchBytes {
			c.send(text) // without the memory of an iterator for each line
			continue
		}
		for part := range c.pieces.Parts(text, batchBytes) {
			c.send(part)
		}
	}
}

// invalidText returns the error for a text that is not UTF-8. Texts are counted from 1.
func invalidText(text string, number int) error {
	for at, r := range text {
		if _, width := utf8.DecodeRuneInString(text[at:]); r == utf8.RuneError && width == 1 {
			return errors.Errorf("text %d: byte 0x%02x at offset %d is not UTF-8: convert the text, or train a BPE, which takes any bytes",
				number, text[at], at)
		}
	}
	return nil
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

// flush sends the batch to a worker.
func (c *counting) flush() {
	c.pending.Add(1)
	c.batches <- c.batch
	c.round += c.size
	c.batch, c.size = nil, 0
}

// gather waits until all batches are counted, then applies the bound. It is called at places that depend on the text alone, so
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
