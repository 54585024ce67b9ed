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
// whose columns are keys, and byKey has bands of keys, whose columns are queries. Both have the same cells.
type tileBands struct {
	byQuery, byKey []band
	queries        [queryTile / bandUnit]band
	keys           [queryTile / bandUnit * keyTile / bandUnit]band
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
	t.byQuery, t.byKey = t.queries[:0], t.keys[:0]
	for r := 0; r < m; r += bandUnit {
		rows := span{r, min(r+bandUnit, m)}
		var seen span
		for _, s := range spans[rows.lo:rows.hi] {
			seen = seen.join(s)
		}
		lo, hi := seen.clip(j, n)
		if lo == hi {
			continue
		}
		cols := span{lo / bandUnit * bandUnit, min(roundUp(hi, bandUnit), n)}
		if last := len(t.byQuery) - 1; last >= 0 && t.byQuery[last].rows.hi == r && t.byQuery[last].cols == cols {
			t.byQuery[last].rows.hi = rows.hi
		} else {
			t.byQuery = append(t.byQuery, band{rows: rows, cols: cols})
		}
	}
	for c := 0; c < n; c += bandUnit {
		t.addKeys(span{c, min(c+bandUnit, n)})
	}
}

// cover reports whether the bands have cells in all m rows.
func (t *tileBands) cover(m int) bool {
	for _, b := range t.byQuery {
		m -= b.rows.hi - b.rows.lo
	}
	return m == 0
}

// addKeys adds the bands of the given keys. Neighbours with equal queries become one band.
func (t *tileBands) addKeys(keys span) {
	first := len(t.byKey)
	for _, b := range t.byQuery {
		last := len(t.byKey) - 1
		switch {
		case b.cols.lo > keys.lo || b.cols.hi <= keys.lo:
		case last >= first && t.byKey[last].cols.hi == b.rows.lo:
			t.byKey[last].cols.hi = b.rows.hi
		default:
			t.byKey = append(t.byKey, band{rows: keys, cols: b.rows})
		}
	}
	if first == 0 || len(t.byKey) != first+1 {
		return
	}
	if before := &t.byKey[first-1]; before.rows.hi == keys.lo && before.cols == t.byKey[first].cols {
		before.rows.hi = keys.hi
		t.byKey = t.byKey[:first]
	}
}

// spansOf holds the keys that the queries of a tile see.
type spansOf struct {
	each     [queryTile]span
	any, all span // seen by any query, by every query
}

// join computes any and all of the first m queries.
func (s *spansOf) join(m int) {
	s.any, s.all = s.each[0], s.each[0]
	for _, t := range s.each[1:m] {
		s.any = s.any.join(t)
		s.all = span{max(s.all.lo, t.lo), min(s.all.hi, t.hi)}
	}
}

// sees reports whether a query may see one of n keys from j on.
func (s *spansOf) sees(j, n int) bool { return s.any.lo < j+n && s.any.hi > j }
