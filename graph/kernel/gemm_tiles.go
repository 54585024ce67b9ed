package kernel

// tileRows and tileCols bound a tile of C that one worker computes by strips. Its panels of B come from the L2 cache or,
// prefetched, from the L3 cache.
const (
	tileRows = 768
	tileCols = 384
)

// thinCols is the least width of a tile of a thin product. Narrower rows of B would leave the memory pages too soon. It is a
// multiple of thinUnit, a cache line of float32.
const (
	thinCols = 128
	thinUnit = 16
)

// The costs of a tile in addition to its products, in the time of one step of the micro-kernel: packBCost and packACost of
// packing an element of B and of A, tileCost of handing out the tile.
const (
	packBCost = 0.5
	packACost = 0.8
	tileCost  = 2000
)

// readCost returns the cost of reading an element of an operand of the given size: from the L2 cache, the L3 cache or
// memory.
func readCost(elements int) float64 {
	switch {
	case elements <= 1<<17:
		return 0.05
	case elements <= 1<<22:
		return 0.25
	}
	return 0.6
}

// cutStrips chooses the tiles that take the least time on two workers and on four. It doubles the number of bands of
// rows and of bands of columns until the bands are a strip wide.
func (t *gemmTiles[T]) cutStrips() {
	if thin(t.M, t.B) {
		t.resize(t.M, max(thinCols, roundUp((t.N+enoughTiles-1)/enoughTiles, thinUnit)))
		return
	}
	shape := strips
	least := -1.0
	var m, n int
	for rows := (t.M + tileRows - 1) / tileRows; ; rows *= 2 {
		high := roundUp((t.M+rows-1)/rows, shape.rows)
		for cols := (t.N + tileCols - 1) / tileCols; ; cols *= 2 {
			wide := roundUp((t.N+cols-1)/cols, shape.cols)
			t.resize(high, wide)
			if cost := t.cost(); least < 0 || cost < least {
				least, m, n = cost, high, wide
			}
			if wide == shape.cols {
				break
			}
		}
		if high <= 2*shape.rows {
			break
		}
	}
	t.resize(m, n)
}

// cost returns the processor time of the tiles on two workers plus the time on four, idle time included.
func (t *gemmTiles[T]) cost() float64 {
	m, n, k := float64(t.m), float64(t.n), float64(t.K)
	one := m*n*k/float64(strips.cols) + n*k*(packBCost+readCost(t.N*t.K)) + m*k*readCost(t.M*t.K) + tileCost
	if t.A.Trans {
		one += m * k * packACost
	}
	count := t.rows * t.cols * t.Batch
	return one * float64((count+1)/2*2+(count+3)/4*4)
}
