package kernel

// tileUnit divides the rows of tiles that the assembly computes in one call.
const tileUnit = 8

// tiled reports whether tiles with rows of n elements are computed in assembly.
func tiled[T Float](n int) bool { return single[T]() && whole() && n%tileUnit == 0 }

// empty reports whether m has no elements. It panics if the data of m is too short for its rows.
func (m *sumMatrix[T]) empty() bool {
	if m.rows == 0 || m.cols == 0 {
		return true
	}
	_ = m.data[(m.rows-1)*m.stride+m.cols-1]
	return false
}

// copyTile computes y = x.
func copyTile[T Float](y, x sumMatrix[T]) {
	if y.empty() || x.empty() {
		return
	}
	if tiled[T](y.cols) {
		copyTileAVX2(y.rows, y.cols, first(y.data), 4*y.stride, first(x.data), 4*x.stride)
		return
	}
	for r := range y.rows {
		copy(y.row(r), x.row(r))
	}
}

// scaleTile computes y = a[r]·x for each row r.
func scaleTile[T Float](y, x sumMatrix[T], a []T) {
	if y.empty() || x.empty() {
		return
	}
	if tiled[T](y.cols) {
		scaleTileAVX2(y.rows, y.cols, first(y.data), 4*y.stride, first(x.data), 4*x.stride, first(a[:y.rows]))
		return
	}
	for r := range y.rows {
		scaleRow(y.row(r), a[r], x.row(r))
	}
}

// dotTile writes Σ x·z of each row. The sums run in float64.
func dotTile[T Float](sums []T, x, z sumMatrix[T]) {
	if !x.empty() && !z.empty() && tiled[T](x.cols) {
		dotTileAVX2(x.rows, x.cols, first(x.data), 4*x.stride, first(z.data), 4*z.stride, first(sums[:x.rows]))
		return
	}
	for r := range x.rows {
		sums[r] = T(dot64(x.row(r), z.row(r)))
	}
}

// tile returns rows of head h from time t on.
func (x Heads[T]) tile(b, t, h, rows, d int) sumMatrix[T] {
	return sumMatrix[T]{x.at(b, t, h), rows, d, x.Time}
}

// hideTile sets the elements of each row outside the row's span to value. The columns are numbered from column on. Elements up to the
// next multiple of tileUnit may be overwritten.
func hideTile[T Float](x sumMatrix[T], spans []span, column int, value T) {
	spans = spans[:x.rows]
	if x.rows > 0 && x.cols > 0 && single[T]() && whole() {
		_ = x.data[(x.rows-1)*x.stride+roundUp(x.cols, tileUnit)-1]
		hideTileAVX2(x.rows, x.cols, first(x.data), 4*x.stride, &spans[0].lo, column, float32(value))
		return
	}
	for r, s := range spans {
		lo, hi := s.clip(column, x.cols)
		row := x.row(r)
		for i := range row[:lo] {
			row[i] = value
		}
		for i := range row[hi:] {
			row[hi+i] = value
		}
	}
}
