package data

import (
	"math/bits"
	"slices"

	"github.com/pkg/errors"
)

// packPlan is the distribution of the documents of a corpus over rows of t tokens. It takes about 16 bytes for each document.
type packPlan struct {
	pieces []packedPiece // row by row
	rows   []int         // index of the first piece of each row, and the number of pieces at the end
	filled float64       // fraction of the positions that hold a target
}

// packedPiece is a document, or t tokens of a longer one: targets at … at+n-1 of the corpus.
type packedPiece struct {
	at int
	n  int32
}

// packDocuments distributes the documents of a corpus by best fit: the longest first, each into the row with the least room that holds it (Johnson
// 1973). A document ends with the id end. A document of more than t tokens is cut into pieces of t and a rest.
func packDocuments(c *Corpus, end int32, t int) (*packPlan, error) {
	pieces, err := documentPieces(c, end, t)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(pieces, func(a, b packedPiece) int { return int(b.n - a.n) })
	open := openRows{rows: make([][]int32, t+1), any: make([]uint64, t/64+1)}
	rowOf := make([]int32, len(pieces))
	count := int32(0)
	for i, p := range pieces {
		row, room, ok := open.take(int(p.n))
		if !ok {
			row, room = count, t
			count++
		}
		rowOf[i] = row
		open.add(row, room-int(p.n))
	}
	k := &packPlan{pieces: make([]packedPiece, len(pieces)), rows: make([]int, count+1), filled: float64(c.Len()) / (float64(count) * float64(t))}
	for _, row := range rowOf {
		k.rows[row+1]++
	}
	for row := range count {
		k.rows[row+1] += k.rows[row]
	}
	next := slices.Clone(k.rows)
	for i, row := range rowOf {
		k.pieces[next[row]] = pieces[i]
		next[row]++
	}
	return k, nil
}

// documentPieces returns the documents in order, those longer than t in pieces.
func documentPieces(c *Corpus, end int32, t int) (all []packedPiece, err error) {
	ids := make([]int32, 1<<16)
	begin, ends := 0, 0
	add := func(to int) {
		for ; begin < to; begin += t {
			all = append(all, packedPiece{begin, int32(min(t, to-begin))})
		}
		begin = to
	}
	for at := 0; at < c.Len(); at += len(ids) {
		part := ids[:min(len(ids), c.Len()-at)]
		if err := c.Tokens(part, at); err != nil {
			return nil, err
		}
		for i, id := range part {
			if id == end {
				add(at + i + 1)
				ends++
			}
		}
	}
	add(c.Len())
	if ends == 0 {
		return nil, errors.Errorf("%d tokens without id %d, which ends a document: nothing tells documents apart", c.Len(), end)
	}
	return all, nil
}

// openRows finds rows by the room that is left.
type openRows struct {
	rows [][]int32 // by room
	any  []uint64  // bit r is set if there is a row with room r
}

// add adds a row. A full row is not kept.
func (o *openRows) add(row int32, room int) {
	if room > 0 {
		o.rows[room] = append(o.rows[room], row)
		o.any[room/64] |= 1 << (room % 64)
	}
}

// take removes a row with the least room that holds n tokens.
func (o *openRows) take(n int) (row int32, room int, ok bool) {
	for w := n / 64; w < len(o.any); w++ {
		b := o.any[w]
		if w == n/64 {
			b &= ^uint64(0) << (n % 64)
		}
		if b == 0 {
			continue
		}
		room = 64*w + bits.TrailingZeros64(b)
		list := o.rows[room]
		row = list[len(list)-1]
		if o.rows[room] = list[:len(list)-1]; len(list) == 1 {
			o.any[w] &^= 1 << (room % 64)
		}
		return row, room, true
	}
	return 0, 0, false
}
