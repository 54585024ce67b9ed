package kernel

// rows turns the scores of a band into the probabilities after dropout, and the products ds = do·v into the gradients of the scores.
func (w *attentionBackward[T]) rows(s *gradScratch[T], t gradTile, b band) {
	plain := w.plain() && w.Dropout == 0
	for r := b.rows.lo; r < b.rows.hi && !plain; r++ {
		w.finishScores(s, t, w.row(s, t, b, r))
	}
	at := (t.b*w.H+t.h)*w.Tq + t.i + b.rows.lo
	cell := b.rows.lo*keyTile + b.cols.lo
	scores := scoreRows[T]{s.p.data[cell:], b.rows.hi - b.rows.lo, b.cols.hi - b.cols.lo}
	scores.attendGrad(s.ds.data[cell:], w.Normalizer.Top[at:], w.Normalizer.Inverse[at:], s.delta.data[t.i+b.rows.lo:])
	if !plain || !b.whole {
		w.hide(s, t, b)
	}
	for r := b.rows.lo; r < b.rows.hi && !plain; r++ {
		w.finishRow(s, t, w.row(s, t, b, r))
	}
}

// gradRow is row r of a band, whose query i sees the keys of the given span. The first of them is in the given cell of the tile.
type gradRow struct {
	r, i, cell int
	keys       span
}

func (w *attentionBackward[T]) row(s *gradScratch[T], t gradTile, b band, r int) gradRow {
	lo, hi := s.spans.data[t.i/queryTile].each[r].clip(t.j+b.cols.lo, b.cols.hi-b.cols.lo)
	if w.Normalizer.Inverse[(t.b*w.H+t.h)*w.Tq+t.i+r] == 0 {
		hi = lo
	}
	first := b.cols.lo + lo
	return gradRow{r: r, i: t.i + r, cell: r*keyTile + first, keys: span{t.j + first, t.j + b.cols.lo + hi}}
}

// hide clears the cells of a band whose keys the queries do not see.
func (w *attentionBackward[T]) hide(s *gradScratch[T], t gradTile, b band) {
	spans := s.spans.data[t.i/queryTile].each[b.rows.lo:b.rows.hi]
	inverse := w.Normalizer.Inverse[(t.b*w.H+t.h)*w.Tq+t.i+b.rows.lo:]
	for _, x := range [][]T{s.p.data, s.ds.data} {
		cells := sumMatrix[T]{x[b.rows.lo*keyTile+b.cols.lo:], len(spans), b.cols.hi - b.cols.lo, keyTile}
		hideTile(cells, spans, t.j+b.cols.lo, 0)
	}
	for r := range spans {
		if inverse[r] == 0 {
			from, n := (b.rows.lo+r)*keyTile+b.cols.lo, b.cols.hi-b.cols.lo
			clear(s.p.data[from:][:n])
			clear(s.ds.data[from:][:n])
		}
	}
}

// finishScores caps the scores of a row, adds the bias, and drops the same products as Forward.
func (w *attentionBackward[T]) finishScores(s *gradScratch[T], t gradTile, x gradRow) {
	n := x.keys.hi - x.keys.lo
	scores := s.p.data[x.cell:][:n]
	if w.Softcap > 0 {
		softcap(scores, s.slopes.sized(queryTile * keyTile)[x.cell:][:n], T(w.Softcap))
	}
	w.addBias(scores, t.b, t.h, x.i, x.keys, s.queries.offset[x.r])
	if w.needsScores() {
		maskRow(w.mask, s.ds.data[x.cell:][:n], w.number(t.b, t.h, x.i, x.keys.lo))
	}
}

// finishRow adds a row to the gradients of the biases, applies the slope of the cap, and drops the same probabilities as Forward.
func (w *attentionBackward[T]) finishRow(s *gradScratch[T], t gradTile, x gradRow) {
	n := x.keys.hi - x.keys.lo
	if w.needsScores() {
		ds := s.ds.data[x.cell:][:n]
		w.addBiasGrads(ds, t.b, t.h, x.i, x.keys)
		if w.Softcap > 0 {
			binaryRow(Mul, ds, ds, s.slopes.data[x.cell:][:n])
		}
	}
	maskRow(w.mask, s.p.data[x.cell:][:n], w.number(t.b, t.h, x.i, x.keys.lo))
}
