package kernel

// attentionForward is split into blocks of queries, of one head or of all heads that share keys. The keys and values of a tile are
// packed once for a block.
type attentionForward[T Float] struct {
	Attention[T]
	o          Heads[T]
	normalizer Normalizer[T]
	heads      int // heads in a tile
	high       int // queries of a head in a tile
	block      int // queries of a head in a block
	blocks     int // blocks of a head
	mask       mask
}

// forwardTiles is the largest number of tiles of queries in a block. They stay in the L2 cache with a tile of keys.
const forwardTiles = 4

// attentionScratch is the scratch memory of one block of queries.
type attentionScratch[T Float] struct {
	panels      panels[T]
	k, v        rightOperand[T]
	keys        buffer[float32] // of a tile in few bits
	values      buffer[float32]
	tiles       [forwardTiles]forwardTile[T]
	bands       tileBands
	scores      buffer[T]    // (rows, keyTile)
	sum, shrink [queryTile]T // of the last tile
	inverse     [queryTile]T // of the sums of exponentials
	capped      [keyTile]T   // scratch of capScores
}

// forwardTile is the state of the running softmax of some queries.
type forwardTile[T Float] struct {
	rows          queryRows
	q, out        buffer[T] // (rows, D)
	rest          folded[T] // of out
	top           [queryTile]T
	total, offset [queryTile]float64
	spans         spansOf
	started       bool // out and total hold sums
}

// enoughBlocks is the number of blocks above which smaller blocks do not spread the work better.
const enoughBlocks = 8

// cut chooses the blocks. Few heads get smaller blocks, so that all workers get some.
func (f *attentionForward[T]) cut() {
	f.heads = f.headsTogether(min(f.Tq, f.high))
	if f.high == 1 {
		f.block, f.blocks = 1, f.Tq
		return
	}
	for tiles := forwardTiles; tiles > 0; tiles /= 2 {
		f.block = tiles * queryTile
		f.blocks = (f.Tq + f.block - 1) / f.block
		if f.B*f.H/f.heads*f.blocks >= enoughBlocks {
			return
		}
	}
}

func (f *attentionForward[T]) Range(lo, hi int) {
	s := take[attentionScratch[T]]()
	sets := f.H / f.heads
	for i := lo; i < hi; i++ {
		set := i / f.blocks
		last := f.blocks - 1 - i%f.blocks // the last queries see the most keys: long work first leaves workers less idle at the end
		f.run(s, set/sets, set%sets*f.heads, last*f.block)
	}
	give(s)
}

// run computes a block of queries of the heads from head on. It runs over the keys that any query sees.
func (f *attentionForward[T]) run(s *attentionScratch[T], b, head, first int) {
	var seen span
	count := 0
	for i := first; i < min(first+f.block, f.Tq); i += f.high {
		t := &s.tiles[count]
		f.begin(t, queryRows{b: b, head: head, first: i, heads: f.heads, queries: min(f.high, f.Tq-i)})
		seen = seen.join(t.spans.any)
		count++
	}
	tiles := s.tiles[:count]
	for j := seen.lo / keyTile * keyTile; j < seen.hi; j += keyTile {
		n := min(keyTile, f.Tk-j, roundUp(seen.hi-j, dotsUnit))
		packed := false
		for i := range tiles {
			if !tiles[i].spans.sees(j, n) {
				continue
			}
			if !packed {
				kv := head / (f.H / f.KVHeads)
				at, rows := cacheTile{b, j, kv, n}, min(f.Tq, f.high)*f.heads
				k := f.keys(&s.keys, f.K, at)
				k.Trans = true
				s.k.set(k, f.D, n, rows)
				s.v.set(f.keys(&s.values, f.V, at), n, f.D, rows)
				packed = true
			}
			f.tile(s, &tiles[i], j, n)
		}
	}
	for i := range tiles {
		if !tiles[i].started {
			clear(tiles[i].out.data[:tiles[i].rows.count()*f.D])
		}
		f.finish(s, &tiles[i])
	}
}

// begin prepares the tile of the given queries.
func (f *attentionForward[T]) begin(t *forwardTile[T], rows queryRows) {
	t.rows = rows
	m := rows.count()
	f.gather(t.q.sized(m*f.D), rows)
	t.out.sized(m * f.D)
	t.rest.reset()
	t.started = false
	for h := range rows.heads {
		f.setSpans(t.spans.each[h*rows.queries:][:rows.queries], rows.b, rows.first)
	}
	t.spans.join(m)
	for r := range m {
		t.top[r], t.total[r] = inf[T](-1), 0
	}
	for r := 0; r < m && f.biased(); r++ {
		h, i := rows.row(r)
		t.offset[r] = f.offset(rows.b, h, i, t.spans.each[r])
	}
}

// tile adds the n keys from j on to the outputs of a tile of queries.
func (f *attentionForward[T]) tile(s *attentionScratch[T], t *forwardTile[T], j, n int) {
	m, d := t.rows.count(), f.D
	q, out, scores := t.q.data, t.out.data, s.scores.sized(m*keyTile)
	s.bands.set(t.spans.each[:m], t.spans.all, j, n, !s.k.thin)
	started := t.started || !s.bands.cover(m)
	if started && !t.started {
		clear(out[:m*d])
	}
	t.started = true
	for _, b := range s.bands.byQuery {
		s.k.multiply(&s.panels, &product[T]{
			m: b.rows.hi - b.rows.lo, n: b.cols.hi - b.cols.lo, k: d, alpha: T(f.Scale),
			a: Matrix[T]{Data: q[b.rows.lo*d:], Stride: d}, c: scores[b.rows.lo*keyTile+b.cols.lo:], stride: keyTile,
		}, 0, b.cols.lo)
		f.absorb(s, t, b, j)
		s.v.multiply(&s.panels, &product[T]{
			m: b.rows.hi - b.rows.lo, n: d, k: b.cols.hi - b.cols.lo, alpha: 1, accumulate: started,
			a: Matrix[T]{Data: scores[b.rows.lo*keyTile+b.cols.lo:], Stride: keyTile}, c: out[b.rows.lo*d:], stride: d,
		}, b.cols.lo, 0)
	}
	t.rest.count(sumMatrix[T]{out, m, d, d})
}

// absorb turns the scores of a band with the keys from j on into unnormalized probabilities and updates the running softmax. If a
// maximum grows, the sums so far are scaled down.
func (f *attentionForward[T]) absorb(s *attentionScratch[T], t *forwardTile[T], b band, j int) {
	n := b.cols.hi - b.cols.lo
	if !b.whole || n%softmaxUnit > 0 {
		cells := sumMatrix[T]{s.scores.data[b.rows.lo*keyTile+b.cols.lo:], b.rows.hi - b.rows.lo, roundUp(n, softmaxUnit), keyTile}
		hideTile(cells, t.spans.each[b.rows.lo:], j+b.cols.lo, inf[T](-1))
	}
	if !f.plain() {
		for r := b.rows.lo; r < b.rows.hi; r++ {
			f.finishScores(s, t, b, j, r)
		}
	}
	rows := scoreRows[T]{s.scores.data[b.rows.lo*keyTile+b.cols.lo:], b.rows.hi - b.rows.lo, n}
	rows.attend(t.top[b.rows.lo:], s.sum[b.rows.lo:], s.shrink[b.rows.lo:])
	for r := b.rows.lo; r < b.rows.hi; r++ {
		if shrink := s.shrink[r]; shrink != 1 && t.total[r] != 0 {
			out := t.out.data[r*f.D:][:f.D]
			scaleRow(out, shrink, out)
			t.rest.scale(r, f.D, shrink)
			t.total[r] *= float64(shrink)
		}
		t.total[r] += float64(s.sum[r])
	}
	if f.Dropout == 0 {
		return
	}
	for r := b.rows.lo; r < b.rows.hi; r++ {
		h, i := t.rows.row(r)
		lo, hi := t.spans.each[r].clip(j+b.cols.lo, b.cols.hi-b.cols.lo)
		maskRow(f.mask, rows.row(r - b.rows.lo)[lo:hi], f.number(t.rows.b, h, i, j+b.cols.lo+lo))
	}
}

// finishScores caps the scores of row r and adds the bias.
func (f *attentionForward[T]) finishScores(s *attentionScratch[T], t *forwardTile[T], b band, j, r int) {
	h, i := t.rows.row(r)
	j += b.cols.lo
	lo, hi := t.spans.each[r].clip(j, b.cols.hi-b.cols.lo)
	scores := s.scores.data[r*keyTile+b.cols.lo:][lo:hi]
	f.capScores(scores, s.capped[:])
	f.addBias(scores, t.rows.b, h, i, span{j + lo, j + hi}, t.offset[r])
}

// finish divides by the sums of exponentials and stores the outputs and the normalizers.
func (f *attentionForward[T]) finish(s *attentionScratch[T], t *forwardTile[T]) {
	m, d := t.rows.count(), f.D
	t.rest.addTo(sumMatrix[T]{t.out.data, m, d, d})
	for r, total := range t.total[:m] {
		s.inverse[r] = 0
		if total == 0 {
			clear(t.out.data[r*d:][:d]) // may hold NaN
		} else {
			s.inverse[r] = T(1 / total)
		}
	}
	n := t.rows.queries
	for h := range t.rows.heads {
		head, rows := t.rows.head+h, span{h * n, (h + 1) * n}
		scaleTile(f.o.tile(t.rows.b, t.rows.first, head, n, d), sumMatrix[T]{t.out.data[rows.lo*d:], n, d, d}, s.inverse[rows.lo:])
		f.normalizer.setRows((t.rows.b*f.H+head)*f.Tq+t.rows.first, t.top[rows.lo:rows.hi], s.inverse[rows.lo:rows.hi])
	}
}
