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
	for r := b.rows.lo; r < b.rows.hi && !(plain && b.whole); r++ {
		row := w.row(s, t, b, r)
		s.hide(b, row)
		if !plain {
			w.finishRow(s, t, row)
		}
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

// hide clears the cells of a row whose keys the query does not see.
func (s *gradScratch[T]) hide(b band, x gradRow) {
	from, to := x.r*keyTile+b.cols.lo, x.r*keyTile+b.cols.hi
	end := x.cell + x.keys.hi - x.keys.lo
	if from < x.cell {
		clear(s.p.data[from:x.cell])
		clear(s.ds.data[from:x.cell])
	}
	if end < to {
		clear(s.p.data[end:to])
		clear(s.ds.data[end:to])
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
