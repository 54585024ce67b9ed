package data

import (
	"cmp"
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Masking hides tokens for a masked language model (Devlin et al. 2019, arXiv 1810.04805, section 3.1). Of the tokens that it chooses,
// 80 % become Mask, 10 % another token, and 10 % stay. The model predicts all of them.
type Masking struct {
	Mask     int32   // the token that hides another
	Vocab    int     // random tokens are below Vocab
	Keep     []int32 // tokens that are never chosen and never replace another, such as [CLS] and [PAD]
	Fraction float64 // of the tokens of a row that are chosen, at least one; 0 means 0.15

	// Inside reports, by id, whether a token continues a word. All tokens of a word are then chosen together, and words that are too
	// long for the rest of the fraction are skipped. nil means that every token is chosen alone.
	Inside []bool
}

// Places returns the largest number of tokens that are chosen in a row of t tokens.
func (m Masking) Places(t int) int {
	return max(1, int(math.Round(cmp.Or(m.Fraction, 0.15)*float64(t))))
}

// check returns an error for the first invalid field.
func (m Masking) check() error {
	switch {
	case m.Vocab < 1 || m.Mask < 0 || int(m.Mask) >= m.Vocab:
		return errors.Errorf("Mask is %d, want an id below Vocab, which is %d", m.Mask, m.Vocab)
	case !(m.Fraction >= 0 && m.Fraction <= 1):
		return errors.Errorf("Fraction is %g, want 0 … 1", m.Fraction)
	case m.Inside != nil && len(m.Inside) < m.Vocab:
		return errors.Errorf("Inside has %d tokens, Vocab is %d", len(m.Inside), m.Vocab)
	}
	return nil
}

// others returns the tokens that may replace a token.
func (m Masking) others() (ids []int32) {
	for id := range int32(m.Vocab) {
		if id != m.Mask && !slices.Contains(m.Keep, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// words returns the positions that may be chosen, grouped by word.
func (m Masking) words(ids []int32) (words [][]int) {
	open := false // the token before may be continued
	for i, id := range ids {
		if id == m.Mask || slices.Contains(m.Keep, id) {
			open = false
			continue
		}
		if open && m.Inside != nil && id >= 0 && int(id) < len(m.Inside) && m.Inside[id] {
			words[len(words)-1] = append(words[len(words)-1], i)
			continue
		}
		words, open = append(words, []int{i}), true
	}
	return words
}

// choose returns the chosen positions of a row, ascending. They depend only on ids and s.
func (m Masking) choose(ids []int32, s kernel.Seed) (chosen []int) {
	words, n := m.words(ids), 0
	for _, w := range words {
		n += len(w)
	}
	if n == 0 {
		return nil
	}
	n = m.Places(n)
	rank := make([]uint32, len(words))
	order := make([]int, len(words))
	for i := range words {
		rank[i], order[i] = s.Uint32(uint64(i)), i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rank[a], rank[b]) })
	for _, w := range order {
		if len(chosen)+len(words[w]) <= n {
			chosen = append(chosen, words[w]...)
		}
	}
	if len(chosen) == 0 { // every word is too long
		chosen = append(chosen, words[order[0]][:n]...)
	}
	slices.Sort(chosen)
	return chosen
}

// hide replaces the token at position i of ids. others are the tokens that may replace it.
func (m Masking) hide(ids []int32, i int, others []int32, s kernel.Seed) {
	switch u := s.Uniform(uint64(i)); {
	case u < 0.8:
		ids[i] = m.Mask
	case u < 0.9 && len(others) > 0:
		ids[i] = others[int((u-0.8)*10*float64(len(others)))%len(others)]
	}
}

// TextRows is a Source of rows of ids: a *RowBatches or a *Framed.
type TextRows interface {
	Batch(i int) (graph.Feed, error)
	Len() int
	masked(i int) (seed uint64, items []int, pass bool, err error) // the seed of the rows and the items of batch i
}

// MaskedBatches is a Source of rows for a masked language model: tokens (B, T), of which some are hidden, lengths (B), places (B, N), and
// targets (B, N). Places are the positions in the batch, from 0 to B·T−1, of the tokens to predict, which are the targets. N is
// Masking.Places of T; targets of ops.IgnoreTarget fill it. The choice is a function of the Seed of the rows, the number of the batch and
// the row, so a text is masked differently in each epoch (Liu et al. 2019, arXiv 1907.11692, section 4.1). In a Sequential it is a
// function of the Seed and the position in the data, so that it does not depend on the sizes. A MaskedBatches is not safe for concurrent
// use.
type MaskedBatches struct {
	Masking Masking
	Rows    TextRows // their classes are not used

	feeds  map[RowSize]maskedFeed
	others []int32
}

// maskedFeed is a Feed for batches of one size, and its elements.
type maskedFeed struct {
	feed            graph.Feed
	places, targets []int32
}

// Len returns the number of batches of Rows.
func (s *MaskedBatches) Len() int { return s.Rows.Len() }

// Batch returns micro-batch i.
func (s *MaskedBatches) Batch(i int) (graph.Feed, error) {
	if s.feeds == nil {
		if err := s.Masking.check(); err != nil {
			return nil, errors.WithMessage(err, "data: masking")
		}
		s.feeds, s.others = map[RowSize]maskedFeed{}, s.Masking.others()
	}
	rows, err := s.Rows.Batch(i)
	if err != nil {
		return nil, err
	}
	seed, items, pass, err := s.Rows.masked(i)
	if err != nil {
		return nil, err
	}
	f := s.feed(rows)
	tokens, lengths := rows["tokens"].Int32s(), rows["lengths"].Int32s()
	t, n := len(tokens)/len(lengths), len(f.places)/len(lengths)
	clear(f.places)
	fillIDs(f.targets, ops.IgnoreTarget)
	for r, length := range lengths {
		ids := tokens[r*t:][:length]
		row := uint64(i)<<32 | uint64(r)
		if pass {
			if r == len(items) {
				break // the other rows only fill the batch
			}
			row = uint64(items[r])
		}
		hidden := kernel.Seed{Key: kernel.Key(seed, "hidden tokens"), Stream: row}
		for k, at := range s.Masking.choose(ids, kernel.Seed{Key: kernel.Key(seed, "masked words"), Stream: row}) {
			f.places[r*n+k], f.targets[r*n+k] = int32(r*t+at), ids[at]
			s.Masking.hide(ids, at, s.others, hidden)
		}
	}
	return f.feed, nil
}

// feed returns the Feed for a batch of rows. It shares their tokens and lengths.
func (s *MaskedBatches) feed(rows graph.Feed) maskedFeed {
	b, t := rows["tokens"].Shape()[0], rows["tokens"].Shape()[1]
	f, ok := s.feeds[RowSize{B: b, T: t}]
	if !ok {
		f.feed = graph.Feed{"tokens": rows["tokens"], "lengths": rows["lengths"]}
		n := s.Masking.Places(t)
		f.places, f.targets = addIDs(f.feed, "places", b, n), addIDs(f.feed, "targets", b, n)
		s.feeds[RowSize{B: b, T: t}] = f
	}
	return f
}
