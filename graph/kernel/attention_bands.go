package kernel

// bandUnit is the height of a band. It divides the widths of the strips, so that a band of columns begins in a whole half of a
// panel.
const bandUnit = 16

// band is a part of a tile of scores. Only its cells are computed. whole is set if its queries see all of them.
type band struct {
	rows, cols span
	whole      bool
}

// tileBands cuts a tile of scores into bands that leave out most of the cells that no query sees: byQuery has bands of queries,
// whose columns are keys, and byKey has bands of keys, whose columns are queries.
type tileBands struct {
	byQuery, byKey []band
	queries        [queryTile / bandUnit]band
	keys           [keyTile / bandUnit]band
}

// set cuts the tile of the given queries and of n keys from j on. all is the range of keys that every query sees. If cut is not
// set, the tile is one band.
func (t *tileBands) set(spans []span, all span, j, n int, cut bool) {
	m := len(spans)
	whole := all.lo <= j && all.hi >= j+n
	if whole || !cut {
		t.queries[0] = band{span{0, m}, span{0, n}, whole}
		t.keys[0] = band{span{0, n}, span{0, m}, whole}
		t.byQuery, t.byKey = t.queries[:1], t.keys[:1]
		return
	}
	var keys [queryTile / bandUnit]span
	var queries [keyTile / bandUnit]span
	for r, s := range spans {
		lo, hi := s.clip(j, n)
		keys[r/bandUnit] = keys[r/bandUnit].join(span{lo, hi})
		for c := lo / bandUnit; lo < hi && c*bandUnit < hi; c++ {
			queries[c] = queries[c].join(span{r, r + 1})
		}
	}
	for i, s := range keys {
		keys[i] = span{s.lo / bandUnit * bandUnit, min(roundUp(s.hi, bandUnit), n)}
	}
	t.byQuery, t.byKey = bandsOf(t.queries[:0], keys[:], m), bandsOf(t.keys[:0], queries[:], n)
}

// bandsOf appends a band of up to bandUnit rows for each range of columns that is not empty. Neighbours with equal columns become
// one band.
func bandsOf(bands []band, cols []span, rows int) []band {
	for i, c := range cols {
		first, last := i*bandUnit, len(bands)-1
		switch {
		case c.lo >= c.hi || first >= rows:
		case last >= 0 && bands[last].rows.hi == first && bands[last].cols == c:
			bands[last].rows.hi = min(first+bandUnit, rows)
		default:
			bands = append(bands, band{rows: span{first, min(first+bandUnit, rows)}, cols: c})
		}
	}
	return bands
}

// spansOf holds the keys that the queries of a tile see.
type spansOf struct {
	each     [queryTile]span
	any, all span // seen by any query, by every query
}

// set stores the span of query r.
func (s *spansOf) set(r int, t span) {
	s.each[r] = t
	if r == 0 {
		s.any, s.all = t, t
		return
	}
	s.any = s.any.join(t)
	s.all = span{max(s.all.lo, t.lo), min(s.all.hi, t.hi)}
}

// sees reports whether a query may see one of n keys from j on.
func (s *spansOf) sees(j, n int) bool { return s.any.lo < j+n && s.any.hi > j }
