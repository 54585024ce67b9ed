package data

import (
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// HistoryBatches is a Source of Histories that are packed one after the other into n places, so that a batch has no padding except at its
// end. Its inputs, (1, n), are items; positives, the next items; negatives, random items that the user does not have; positions, which
// count to T at the last item of each history; and starts, the place of the first item of the history. At padding a place starts at itself
// and all else is 0. Long histories are cut to their end.
type HistoryBatches struct {
	Seed uint64 // seed of the order and of the negatives

	histories Histories
	most      int32
	b, t      int
	pass      bool
	sizes     []int
	feeds     map[int]graph.Feed // by size
}

// Batches returns a Source of b histories in each batch, for training, which draws every history once in each epoch. All places have a
// positive. Each history must have two items or more, up to most: see Longer. T is the largest number of items that are seen of a history.
func (h Histories) Batches(most int32, b, t int) *HistoryBatches {
	return &HistoryBatches{histories: h, most: most, b: b, t: t, feeds: map[int]graph.Feed{}}
}

// Sequential returns a Source of all histories once, for evaluation. Only the last item of each history is a positive. It has Len
// batches; any other number is an error.
func (h Histories) Sequential(most int32, b, t int) *HistoryBatches {
	s := h.Batches(most, b, t)
	s.pass = true
	return s
}

// Len returns the number of batches that hold every history once, rounded up.
func (s *HistoryBatches) Len() int {
	if s.b < 1 {
		return 0
	}
	return (len(s.histories) + s.b - 1) / s.b
}

// mostPlaces limits the places of a batch, because starts are int32.
const mostPlaces = 1<<31 - 1

// Sizes returns the numbers of places of the batches, ascending. Most batches have the first, and every batch fits the last.
func (s *HistoryBatches) Sizes() []int {
	if s.sizes != nil || s.b < 1 || s.t < 1 || len(s.histories) == 0 {
		return s.sizes
	}
	sum, squares, longest := 0.0, 0.0, 1
	for _, h := range s.histories {
		k := s.places(h)
		sum, squares, longest = sum+float64(k), squares+float64(k*k), max(longest, k)
	}
	n, b := float64(len(s.histories)), float64(s.b)
	most := min(s.b, max(mostPlaces/longest, 1)) * longest
	mean := sum / n
	deviation := math.Sqrt(b * max(squares/n-mean*mean, 0)) // of the sum of b histories
	for _, k := range []float64{1, 3} {
		s.sizes = append(s.sizes, int(min(math.Ceil((b*mean+k*deviation)/16)*16, float64(most))))
	}
	s.sizes = slices.Compact(append(s.sizes, most))
	return s.sizes
}

// places returns the number of items that are seen of a history.
func (s *HistoryBatches) places(h []int32) int { return max(min(len(h)-1, s.t), 0) }

// Batch returns micro-batch i.
func (s *HistoryBatches) Batch(i int) (feed graph.Feed, err error) {
	defer func() { err = errors.WithMessage(err, "data: histories") }()
	last := -1
	if s.pass {
		last = s.Len()
	}
	if err := checkBatch(i, last); err != nil {
		return nil, err
	}
	err = checkSizes("B", s.b, "T", s.t, "the number of histories", len(s.histories), "the largest item", int(s.most))
	if err != nil {
		return nil, err
	}
	rows, places := s.users(i), 0
	for _, u := range rows {
		h := s.histories[u]
		if len(h) < 2 || slices.Min(h) < 1 || slices.Max(h) > s.most {
			return nil, errors.Errorf("history %d: %d items, want at least 2, each of 1 … %d", u, len(h), s.most)
		}
		places += s.places(h)
	}
	sizes := s.Sizes()
	k, _ := slices.BinarySearch(sizes, places)
	if k == len(sizes) {
		return nil, errors.Errorf("%d histories have %d items, want at most %d: make B smaller", s.b, places, sizes[k-1])
	}
	p := s.packing(sizes[k])
	for r, u := range rows {
		if err := p.add(s, s.histories[u], i*s.b+r); err != nil {
			return nil, err
		}
	}
	return p.feed, nil
}

// users returns the numbers of the histories of batch i.
func (s *HistoryBatches) users(i int) (users []int) {
	for n := i * s.b; n < (i+1)*s.b; n++ {
		switch {
		case !s.pass:
			u, _ := order{len(s.histories), kernel.Key(s.Seed, "histories")}.item(n)
			users = append(users, u)
		case n < len(s.histories):
			users = append(users, n)
		}
	}
	return users
}

// packing is a batch to which histories are added.
type packing struct {
	feed                                           graph.Feed
	items, positives, negatives, positions, starts []int32
	at                                             int // first free place
}

// packing returns an empty batch of n places.
func (s *HistoryBatches) packing(n int) *packing {
	if s.feeds[n] == nil {
		s.feeds[n] = newPacked(n, "positives", "negatives")
	}
	p := &packing{feed: s.feeds[n]}
	for name, ids := range map[string]*[]int32{
		"items": &p.items, "positives": &p.positives, "negatives": &p.negatives, "positions": &p.positions, "starts": &p.starts,
	} {
		*ids = p.feed[name].Int32s()
		clear(*ids)
	}
	for i := range p.starts {
		p.starts[i] = int32(i)
	}
	return p
}

// add adds a history. Its negatives depend on its number in the endless list of epochs.
func (p *packing) add(s *HistoryBatches, h []int32, number int) error {
	k := s.places(h)
	pack(p.items[p.at:][:k], p.positions[p.at:], p.starts[p.at:], s.t, p.at, h[:len(h)-1])
	first := 0
	if s.pass {
		first = k - 1
	}
	copy(p.positives[p.at+first:], h[len(h)-k+first:])
	drawn, err := others(h, k-first, s.most, kernel.Seed{Key: kernel.Key(s.Seed, "negatives"), Stream: uint64(number)})
	copy(p.negatives[p.at+first:], drawn)
	p.at += k
	return err
}

// newPacked returns the inputs of n places, with some more.
func newPacked(n int, more ...string) graph.Feed {
	feed := graph.Feed{}
	for _, name := range append([]string{"items", "positions", "starts"}, more...) {
		addIDs(feed, name, 1, n)
	}
	return feed
}

// pack fills places from place at on with the last items of a history.
func pack(items, positions, starts []int32, t, at int, h []int32) {
	k := len(items)
	copy(items, h[len(h)-k:])
	for i := range k {
		positions[i], starts[i] = int32(t-k+1+i), int32(at)
	}
}

// FeedHistories returns the inputs of b histories that are packed into n places, for recommending: items, positions and starts (1, n), as
// in HistoryBatches, and last (b), the place of the last item of each history. If there are fewer than b histories, last is 0 for the
// rest. It is an error if the histories are more than b, if one is empty, or if their last t items need more than n places together.
func FeedHistories(histories [][]int32, b, n, t int) (graph.Feed, error) {
	if len(histories) > b {
		return nil, errors.Errorf("data: feed: %d histories for a batch of %d: feed fewer at a time", len(histories), b)
	}
	feed := newPacked(n)
	last := addIDs(feed, "last", b)
	items, positions, starts := feed["items"].Int32s(), feed["positions"].Int32s(), feed["starts"].Int32s()
	for i := range starts {
		starts[i] = int32(i)
	}
	at := 0
	for i, h := range histories {
		k := min(len(h), t)
		if k < 1 || at+k > n {
			return nil, errors.Errorf("data: feed: history %d has %d items after %d places, want at least 1 and at most %d places together", i, k, at, n)
		}
		pack(items[at:][:k], positions[at:], starts[at:], t, at, h)
		at += k
		last[i] = int32(at - 1)
	}
	return feed, nil
}
