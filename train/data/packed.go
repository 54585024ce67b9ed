package data

import (
	"math"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Packed is a Source of whole documents of a Corpus, packed into rows so that few positions are empty:
//
//	tokens    (B, T) End, a document without its End, End, the next document, …
//	targets   (B, T) the tokens of the documents, then ops.IgnoreTarget
//	positions (B, T) 0, 1, … in each document
//	starts    (B, T) place in the row of the first token of the document
//
// With starts and positions, no document sees another: see models.GPT.PackedLoss. Every token of the corpus is a target once in an epoch.
// A document of more than T tokens is cut into several, of which only the first begins with End. Rows are the same in every epoch, in
// another order. Memory holds 16 bytes for each document. A Packed is not safe for concurrent use.
type Packed struct {
	Seed   uint64 // seed of the order
	Spread int    // limits a Sequential to rows with about this many tokens in all, spread evenly over the rows; 0 keeps all rows

	corpus *Corpus
	end    int32
	b, t   int
	passes bool
	plan   *packPlan
	feed   packedFeed
}

// packedFeed is a Feed of packed rows, and its elements.
type packedFeed struct {
	feed                               graph.Feed
	tokens, targets, positions, starts []int32
}

// Packed returns a Source of the documents of the corpus, each of which ends with the id end. It draws every row once in each epoch. A
// batch may span two epochs.
func (c *Corpus) Packed(end int32, b, t int) *Packed { return &Packed{corpus: c, end: end, b: b, t: t} }

// PackedSequential returns a Source of all packed documents once, for evaluation. It has Len batches; any other number is an error.
func (c *Corpus) PackedSequential(end int32, b, t int) *Packed {
	p := c.Packed(end, b, t)
	p.passes = true
	return p
}

// Len returns the number of batches that hold all documents once, rounded up.
func (p *Packed) Len() int {
	if p.prepare() != nil {
		return 1 // a loop over the batches then returns the error of Batch
	}
	some, all := p.rows()
	if !p.passes {
		some = all
	}
	return (some + p.b - 1) / p.b
}

// Filled returns the fraction of the positions of all rows that have a target.
func (p *Packed) Filled() (float64, error) {
	if err := p.prepare(); err != nil {
		return 0, errors.WithMessagef(err, "data: packed documents of %s", p.corpus.name)
	}
	return p.plan.filled, nil
}

// Batch returns micro-batch i.
func (p *Packed) Batch(i int) (graph.Feed, error) {
	feed, err := p.batch(i)
	return feed, errors.WithMessagef(err, "data: packed documents of %s", p.corpus.name)
}

func (p *Packed) batch(i int) (graph.Feed, error) {
	if err := p.prepare(); err != nil {
		return nil, err
	}
	batches := -1
	if p.passes {
		batches = p.Len()
	}
	if err := checkBatch(i, batches); err != nil {
		return nil, err
	}
	if p.feed.feed == nil {
		p.feed = newPackedFeed(p.b, p.t)
	}
	for r := range p.b {
		if err := p.fill(i*p.b+r, p.feed.row(r, p.t)); err != nil {
			return nil, err
		}
	}
	return p.feed.feed, nil
}

// prepare packs the documents, the first time.
func (p *Packed) prepare() (err error) {
	if p.plan != nil {
		return nil
	}
	if err := checkSizes("B", p.b, "T", p.t); err != nil {
		return err
	}
	if p.t > math.MaxInt32 || p.end < 0 {
		return errors.Errorf("rows of %d tokens of documents that end with id %d: want at most %d tokens and the id of a token", p.t, p.end, math.MaxInt32)
	}
	if p.corpus.Len() == 0 {
		return errors.New("no tokens")
	}
	p.plan, err = packDocuments(p.corpus, p.end, p.t)
	return err
}

// rows returns the number of rows of a pass and of the whole corpus.
func (p *Packed) rows() (some, all int) {
	all = len(p.plan.rows) - 1
	if p.Spread > 0 {
		return min((p.Spread-1)/p.t+1, all), all
	}
	return all, all
}

func (p *Packed) shape() (b, t int, packed bool) { return p.b, p.t, true }

// epoch returns the number of rows of an epoch.
func (p *Packed) epoch() (int, error) {
	err := p.prepare()
	if err != nil {
		return 0, err
	}
	_, all := p.rows()
	return all, nil
}

// fill writes a row of the endless list of epochs, or of the pass. Past the pass, it writes an empty row.
func (p *Packed) fill(row int, f packedFeed) error {
	some, all := p.rows()
	switch {
	case !p.passes:
		row, _ = order{n: all, key: kernel.Key(p.Seed, "packed")}.item(row)
	case row < some:
		row = spread(row, some, all)
	default:
		row = -1
	}
	at := 0
	if row >= 0 {
		for _, piece := range p.plan.pieces[p.plan.rows[row]:p.plan.rows[row+1]] {
			if err := p.copy(piece, at, f); err != nil {
				return err
			}
			at += int(piece.n)
		}
	}
	for ; at < p.t; at++ {
		f.tokens[at], f.targets[at], f.positions[at], f.starts[at] = p.end, ops.IgnoreTarget, 0, int32(at)
	}
	return nil
}

// copy writes a piece to the row at a place.
func (p *Packed) copy(piece packedPiece, at int, f packedFeed) error {
	n := int(piece.n)
	if err := p.corpus.Tokens(f.targets[at:at+n], piece.at); err != nil {
		return err
	}
	f.tokens[at] = p.end
	if piece.at > 0 {
		if err := p.corpus.Tokens(f.tokens[at:at+1], piece.at-1); err != nil {
			return err
		}
	}
	copy(f.tokens[at+1:at+n], f.targets[at:at+n-1])
	for i := range n {
		f.positions[at+i], f.starts[at+i] = int32(i), int32(at)
	}
	return nil
}

func newPackedFeed(b, t int) (f packedFeed) {
	f.feed = graph.Feed{}
	f.tokens, f.targets = addIDs(f.feed, "tokens", b, t), addIDs(f.feed, "targets", b, t)
	f.positions, f.starts = addIDs(f.feed, "positions", b, t), addIDs(f.feed, "starts", b, t)
	return f
}

// row returns the elements of a row. Without packing, there are no positions and starts.
func (f packedFeed) row(r, t int) packedFeed {
	f.tokens, f.targets = f.tokens[r*t:(r+1)*t], f.targets[r*t:(r+1)*t]
	if f.starts != nil {
		f.positions, f.starts = f.positions[r*t:(r+1)*t], f.starts[r*t:(r+1)*t]
	}
	return f
}
