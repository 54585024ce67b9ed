package tokenize

import (
	"iter"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
)

// Progress says how far a training is.
type Progress struct {
	Phase string // "count": bytes of text read; "merge": entries of the vocabulary
	Done  int64
	Total int64 // 0 while it is not known
}

// counter counts the pieces of texts. Memory grows with the number of different pieces, not with the text.
type counter struct {
	normalizer Normalizer
	splitter   Splitter
	special    *matcher // texts are parted here, as they will be when encoded
	workers    int      // 0: GOMAXPROCS
	progress   func(Progress)
}

const (
	batchBytes = 1 << 18 // text handed to a worker at a time
	batchTexts = 1 << 10
)

// tally is the pieces that one worker has seen.
type tally struct {
	index  map[string]int32
	pieces []string
	counts []int64
}

func (t *tally) add(piece string, n int64) {
	i, ok := t.index[piece]
	if !ok {
		i = int32(len(t.pieces))
		piece = strings.Clone(piece) // the text it lies in shall not stay
		t.index[piece] = i
		t.pieces = append(t.pieces, piece)
		t.counts = append(t.counts, 0)
	}
	t.counts[i] += n
}

// count returns every piece of texts with its count. The order of the pieces varies from run to run, the sums do not.
func (c *counter) count(texts iter.Seq[string]) *tally {
	workers := c.workers
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	batches := make(chan []string, workers)
	tallies := make([]*tally, workers)
	var done atomic.Int64
	var group sync.WaitGroup
	for i := range tallies {
		t := &tally{index: map[string]int32{}}
		tallies[i] = t
		group.Go(func() {
			for batch := range batches {
				for _, text := range batch {
					c.text(t, text)
					done.Add(int64(len(text)))
				}
			}
		})
	}
	c.feed(batches, texts, &done)
	close(batches)
	group.Wait()
	c.report(done.Load())
	all := tallies[0]
	for _, t := range tallies[1:] {
		for i, piece := range t.pieces {
			all.add(piece, t.counts[i])
		}
	}
	return all
}

func (c *counter) report(done int64) {
	if c.progress != nil {
		c.progress(Progress{Phase: "count", Done: done})
	}
}

// feed sends texts in batches. One that is much larger than a batch is cut where that changes no piece.
func (c *counter) feed(batches chan<- []string, texts iter.Seq[string], done *atomic.Int64) {
	sc := scannerOf(c.splitter)
	if c.normalizer != nil || c.special != nil {
		sc = nil
	}
	var batch []string
	size := 0
	send := func(text string) {
		batch = append(batch, text)
		if size += len(text); size >= batchBytes || len(batch) == batchTexts {
			batches <- batch
			batch, size = nil, 0
			c.report(done.Load())
		}
	}
	for text := range texts {
		for sc != nil && len(text) > 2*batchBytes {
			n := sc.cut(text, batchBytes)
			send(text[:n])
			text = text[n:]
		}
		send(text)
	}
	batches <- batch
}

// text counts the pieces of one text.
func (c *counter) text(t *tally, text string) {
	for at := 0; at < len(text); {
		_, s, ok := c.special.find(text, at, Allow)
		if !ok {
			s = Span{len(text), len(text)}
		}
		c.plain(t, text[at:s.Start])
		at = s.End
	}
}

func (c *counter) plain(t *tally, text string) {
	if c.normalizer == nil {
		if sc := scannerOf(c.splitter); sc != nil {
			for at := 0; at < len(text); {
				start, end := sc.next(text, at)
				if start == end {
					break
				}
				t.add(text[start:end], 1)
				at = end
			}
			return
		}
	}
	x := NewText(text)
	if c.normalizer != nil {
		x = c.normalizer.Normalize(x)
	}
	for _, p := range c.splitter.Split(nil, x) {
		t.add(p.s, 1)
	}
}
