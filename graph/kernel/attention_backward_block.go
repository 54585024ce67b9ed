package kernel

// gradTile is a tile of m queries from i on and n keys from j on.
type gradTile struct{ b, h, kv, i, j, m, n int }

// gradKeys are the keys and values of a tile, packed for all queries.
type gradKeys[T Float] struct{ k, v, rows rightOperand[T] }

// gradQueries are a tile of queries, and the gradients of their outputs, for all keys of a block.
type gradQueries[T Float] struct {
	q, do    buffer[T] // (rows, D)
	together buffer[T] // queries of all heads of a tile of Forward
	right    [2]rightOperand[T]
	dq       buffer[T]          // (rows, D)
	offset   [queryTile]float64 // of the biases
}

// block adds the products of count keys from j on with all queries of head t.h.
func (w *attentionBackward[T]) block(s *gradScratch[T], t gradTile, j, count int) {
	packed := false
	dk, dv := w.blockSums(&s.dk, w.DK, count), w.blockSums(&s.dv, w.DV, count)
	for i := 0; i < w.Tq; i += queryTile {
		t.i, t.m = i, min(queryTile, w.Tq-i)
		dq := w.blockSums(&s.queries.dq, w.DQ, t.m)
		spans := &s.spans.data[i/queryTile]
		if !spans.sees(j, count) {
			if j == 0 {
				w.store(w.DQ, t.b, i, t.h, dq)
			}
			continue
		}
		if !packed {
			w.packKeys(s, t, j, count)
			packed = true
		}
		w.packQueries(s, t)
		for first := 0; first < count; first += keyTile {
			t.j, t.n = j+first, min(keyTile, count-first)
			if spans.sees(t.j, t.n) {
				w.tile(s, t, first)
			}
		}
		if j == 0 {
			w.store(w.DQ, t.b, i, t.h, dq)
		} else {
			w.addSums(w.DQ, t.b, i, t.h, dq)
		}
		s.restK.count(dk)
		s.restV.count(dv)
	}
	s.restK.addTo(dk)
	s.restV.addTo(dv)
	if t.h == t.kv*(w.H/w.KVHeads) { // the first head that reads the keys
		w.store(w.DK, t.b, j, t.kv, dk)
		w.store(w.DV, t.b, j, t.kv, dv)
	} else if packed {
		w.addSums(w.DK, t.b, j, t.kv, dk)
		w.addSums(w.DV, t.b, j, t.kv, dv)
	}
}

// blockSums returns zeros for count rows of a gradient, or nothing if the gradient x is not computed.
func (w *attentionBackward[T]) blockSums(b *buffer[T], x Heads[T], count int) sumMatrix[T] {
	if x.Data == nil {
		return sumMatrix[T]{}
	}
	return sumMatrix[T]{b.zeroed(count * w.D), count, w.D, w.D}
}

// addSums adds sums to the gradient x of head h from time t on, if it is computed.
func (w *attentionBackward[T]) addSums(x Heads[T], b, t, h int, sums sumMatrix[T]) {
	if x.Data == nil {
		return
	}
	for r := range sums.rows {
		addRow(x.at(b, t+r, h)[:w.D], sums.row(r))
	}
}

// store writes sums to the gradient x of head h from time t on, if it is computed.
func (w *attentionBackward[T]) store(x Heads[T], b, t, h int, sums sumMatrix[T]) {
	if x.Data == nil {
		return
	}
	copyTile(x.tile(b, t, h, sums.rows, w.D), sums)
}

// packKeys packs count keys and values from j on.
func (w *attentionBackward[T]) packKeys(s *gradScratch[T], t gradTile, j, count int) {
	for first := 0; first < count; first += keyTile {
		n, keys := min(keyTile, count-first), &s.keys[first/keyTile]
		keys.k.set(w.K.rows(t.b, j+first, t.kv, true), w.D, n, w.tileRows())
		if w.needsScores() {
			keys.v.set(w.V.rows(t.b, j+first, t.kv, true), w.D, n, w.tileRows())
		}
		if w.DQ.Data != nil {
			keys.rows.set(w.K.rows(t.b, j+first, t.kv, false), n, w.D, w.tileRows())
		}
	}
}

// packQueries packs the queries of a tile and the gradients of their outputs.
func (w *attentionBackward[T]) packQueries(s *gradScratch[T], t gradTile) {
	x := &s.queries
	q, do := x.q.sized(t.m*w.D+maxStripCols), x.do.sized(t.m*w.D+maxStripCols)
	copyTile(sumMatrix[T]{q, t.m, w.D, w.D}, w.Q.tile(t.b, t.i, t.h, t.m, w.D))
	copyTile(sumMatrix[T]{do, t.m, w.D, w.D}, w.DO.tile(t.b, t.i, t.h, t.m, w.D))
	for r := 0; r < t.m && w.biased(); r++ {
		x.offset[r] = w.offset(t.b, t.h, t.i+r, s.spans.data[t.i/queryTile].each[r])
	}
	x.right[0].inPlace(Matrix[T]{Data: q, Stride: w.D})
	x.right[1].inPlace(Matrix[T]{Data: do, Stride: w.D})
}

// tile computes a tile. Its keys are number first and the following keys of the block.
func (w *attentionBackward[T]) tile(s *gradScratch[T], t gradTile, first int) {
	spans, keys := &s.spans.data[t.i/queryTile], &s.keys[first/keyTile]
	s.bands.set(spans.each[:t.m], spans.all, t.j, t.n, !keys.k.thin)
	ds := s.ds.sized(queryTile * keyTile)
	w.scores(s, t, keys)
	for _, b := range s.bands.byQuery {
		if w.needsScores() {
			keys.v.multiply(&s.panels, &product[T]{
				m: b.rows.hi - b.rows.lo, n: b.cols.hi - b.cols.lo, k: w.D, alpha: 1,
				a: Matrix[T]{Data: s.queries.do.data[b.rows.lo*w.D:], Stride: w.D}, c: ds[b.rows.lo*keyTile+b.cols.lo:], stride: keyTile,
			}, 0, b.cols.lo)
		}
		w.rows(s, t, b)
	}
	w.add(s, keys, first)
}

// scores writes the scores of a tile to p, equal bit for bit to the scores of Forward. Thin products sum rows in pairs, so they
// multiply the rows of one tile of Forward together.
func (w *attentionBackward[T]) scores(s *gradScratch[T], t gradTile, keys *gradKeys[T]) {
	p, heads := s.p.sized(queryTile*keyTile), w.headsTogether(w.Tq)
	if keys.k.thin && heads > 1 {
		rows := queryRows{b: t.b, head: t.h / heads * heads, first: t.i, heads: heads, queries: t.m}
		m := rows.count()
		all := product[T]{m: m, n: t.n, k: w.D, c: s.together.sized(m * keyTile), stride: keyTile, alpha: T(w.Scale)}
		all.a = Matrix[T]{Data: w.gather(s.queries.together.sized(m*w.D), rows), Stride: w.D}
		keys.k.multiply(&s.panels, &all, 0, 0)
		copy(p, all.c[(t.h-rows.head)*t.m*keyTile:][:t.m*keyTile])
		return
	}
	for _, b := range s.bands.byQuery {
		keys.k.multiply(&s.panels, &product[T]{
			m: b.rows.hi - b.rows.lo, n: b.cols.hi - b.cols.lo, k: w.D, alpha: T(w.Scale),
			a: Matrix[T]{Data: s.queries.q.data[b.rows.lo*w.D:], Stride: w.D}, c: p[b.rows.lo*keyTile+b.cols.lo:], stride: keyTile,
		}, 0, b.cols.lo)
	}
}

// add adds the products of a tile to the requested gradients.
func (w *attentionBackward[T]) add(s *gradScratch[T], keys *gradKeys[T], first int) {
	x, d := &s.queries, w.D
	for _, b := range s.bands.byKey {
		sum := product[T]{m: b.rows.hi - b.rows.lo, n: d, k: b.cols.hi - b.cols.lo, stride: d, accumulate: true}
		cell, to := b.cols.lo*keyTile+b.rows.lo, (first+b.rows.lo)*d
		if w.DV.Data != nil {
			sum.a, sum.c, sum.alpha = Matrix[T]{Data: s.p.data[cell:], Stride: keyTile, Trans: true}, s.dv.data[to:], 1
			x.right[1].multiply(&s.panels, &sum, b.cols.lo, 0)
		}
		if w.DK.Data != nil {
			sum.a, sum.c, sum.alpha = Matrix[T]{Data: s.ds.data[cell:], Stride: keyTile, Trans: true}, s.dk.data[to:], T(w.Scale)
			x.right[0].multiply(&s.panels, &sum, b.cols.lo, 0)
		}
	}
	if w.DQ.Data == nil {
		return
	}
	for _, b := range s.bands.byQuery {
		keys.rows.multiply(&s.panels, &product[T]{
			m: b.rows.hi - b.rows.lo, n: d, k: b.cols.hi - b.cols.lo, alpha: T(w.Scale), accumulate: true,
			a: Matrix[T]{Data: s.ds.data[b.rows.lo*keyTile+b.cols.lo:], Stride: keyTile}, c: x.dq.data[b.rows.lo*d:], stride: d,
		}, b.cols.lo, 0)
	}
}
