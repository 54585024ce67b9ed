package kernel

// rows turns the scores of a band into the probabilities after dropout, and the products ds = do·v into the gradients of the scores.
func (w *attentionBackward[T]) rows(s *gradScratch[T], t gradTile, b band) {
	plain := b.whole && w.plain() && w.Dropout == 0
	for r := b.rows.lo; r < b.rows.hi && !plain; r++ {
		w.finishScores(s, t, b, r)
	}
	at := (t.b*w.H+t.h)*w.Tq + t.i + b.rows.lo
	cell := b.rows.lo*keyTile + b.cols.lo
	scores := scoreRows[T]{s.p.data[cell:], b.rows.hi - b.rows.lo, b.cols.hi - b.cols.lo}
	scores.attendGrad(s.ds.data[cell:], w.Normalizer.Top[at:], w.Normalizer.Inverse[at:], s.delta.data[t.i+b.rows.lo:])
	for r := b.rows.lo; r < b.rows.hi && !plain; r++ {
		w.finishRow(s, t, b, r)
	}
}

// gradRow is the part of row r of a band that its query sees. hidden are the cells on both sides.
type gradRow[T Float] struct {
	p, ds, slopes []T
	hidden        [4][]T
	keys          span
}

func (w *attentionBackward[T]) row(s *gradScratch[T], t gradTile, b band, r int) gradRow[T] {
	n := b.cols.hi - b.cols.lo
	lo, hi := s.spans.data[t.i/queryTile].each[r].clip(t.j+b.cols.lo, n)
	if w.Normalizer.Inverse[(t.b*w.H+t.h)*w.Tq+t.i+r] == 0 {
		hi = lo
	}
	p, ds := s.p.data[r*keyTile+b.cols.lo:][:n], s.ds.data[r*keyTile+b.cols.lo:][:n]
	row := gradRow[T]{
		p: p[lo:hi], ds: ds[lo:hi], hidden: [4][]T{p[:lo], p[hi:], ds[:lo], ds[hi:]},
		keys: span{t.j + b.cols.lo + lo, t.j + b.cols.lo + hi},
	}
	if w.Softcap > 0 {
		row.slopes = s.slopes.sized(queryTile * keyTile)[r*keyTile+b.cols.lo+lo:][:hi-lo]
	}
	return row
}

// finishScores caps the scores of row r, adds the bias, and drops the same products as Forward.
func (w *attentionBackward[T]) finishScores(s *gradScratch[T], t gradTile, b band, r int) {
	row := w.row(s, t, b, r)
	w.capScores(row.p, row.slopes)
	w.addBias(row.p, t.b, t.h, t.i+r, row.keys, s.queries.offset[r])
	if w.needsScores() {
		maskRow(w.mask, row.ds, w.number(t.b, t.h, t.i+r, row.keys.lo))
	}
}

// finishRow hides the keys that row r does not see, adds to the gradients of the biases, and drops the same probabilities as Forward.
func (w *attentionBackward[T]) finishRow(s *gradScratch[T], t gradTile, b band, r int) {
	row := w.row(s, t, b, r)
	for _, x := range row.hidden {
		clear(x)
	}
	if w.needsScores() {
		w.addBiasGrads(row.ds, t.b, t.h, t.i+r, row.keys)
		if w.Softcap > 0 {
			binaryRow(Mul, row.ds, row.ds, row.slopes)
		}
	}
	maskRow(w.mask, row.p, w.number(t.b, t.h, t.i+r, row.keys.lo))
}
