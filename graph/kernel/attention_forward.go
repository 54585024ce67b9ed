package kernel

import "math"

// attentionForward is split into tiles of queries, of one head or of all heads that share keys.
type attentionForward[T Float] struct {
	Attention[T]
	o          Heads[T]
	normalizer Normalizer[T]
	heads      int // heads in a tile
	high       int // queries in a tile
	tiles      int // tiles of a head's queries
	mask       mask
}

// attentionScratch is the scratch memory of one tile of queries.
type attentionScratch[T Float] struct {
	panels         panels[T]
	q, scores, out buffer[T]       // (rows, D), (rows, keyTile), (rows, D)
	rest           folded[T]       // of out
	keys, values   buffer[float32] // of a tile in few bits
	top, total     [queryTile]float64
	offset         [queryTile]float64
	spans          [queryTile]span
	slopes         [keyTile]T // not used
}

func (f *attentionForward[T]) Range(lo, hi int) {
	s := take[attentionScratch[T]]()
	sets := f.H / f.heads
	for i := lo; i < hi; i++ {
		first := i % f.tiles * f.high
		set := i / f.tiles
		f.tile(s, queryRows{
			b: set / sets, head: set % sets * f.heads, first: first,
			heads: f.heads, queries: min(f.high, f.Tq-first),
		})
	}
	give(s)
}

// tile runs over the keys that any query of the tile sees.
func (f *attentionForward[T]) tile(s *attentionScratch[T], rows queryRows) {
	m, d := rows.count(), f.D
	q, out, scores := f.gather(s.q.sized(m*d), rows), s.out.zeroed(m*d), s.scores.sized(m*keyTile)
	s.rest.reset()
	var all span
	for r := range m {
		h, i := rows.row(r)
		s.spans[r] = f.span(rows.b, i)
		all = all.join(s.spans[r])
		s.top[r], s.total[r], s.offset[r] = math.Inf(-1), 0, f.offset(rows.b, h, i, s.spans[r])
	}
	kv := rows.head / (f.H / f.KVHeads)
	for j := all.lo / dotsUnit * dotsUnit; j < all.hi; j += keyTile {
		n := min(keyTile, all.hi-j)
		wide := min(roundUp(n, dotsUnit), f.Tk-j)
		keys := f.keys(&s.keys, f.K, cacheTile{rows.b, j, kv, wide})
		keys.Trans = true
		f.scoreTile(product[T]{
			m: m, n: wide, c: scores, stride: wide,
			a: Matrix[T]{Data: q, Stride: d}, b: keys,
		}, &s.panels, m)
		for r := range m {
			f.absorb(s, rows, r, j, scores[r*wide:][:n])
		}
		product[T]{
			m: m, n: d, k: n, alpha: 1, c: out, stride: d, accumulate: true,
			a: Matrix[T]{Data: scores, Stride: wide}, b: f.keys(&s.values, f.V, cacheTile{rows.b, j, kv, n}),
		}.run(&s.panels)
		s.rest.count(sumMatrix[T]{out, m, d, d})
	}
	s.rest.addTo(sumMatrix[T]{out, m, d, d})
	f.finish(s, rows, out)
}

// absorb turns the scores of row r with the keys from j on into unnormalized probabilities and updates the running
// softmax. If the maximum grows, the sums so far are scaled down.
func (f *attentionForward[T]) absorb(s *attentionScratch[T], rows queryRows, r, j int, scores []T) {
	h, i := rows.row(r)
	lo, hi := s.spans[r].clip(j, len(scores))
	clear(scores[:lo])
	clear(scores[hi:])
	seen := scores[lo:hi]
	f.capScores(seen, &s.slopes)
	f.addBias(seen, rows.b, h, i, span{j + lo, j + hi}, s.offset[r])
	top := max(T(s.top[r]), largest(seen))
	if math.IsInf(float64(top), -1) {
		clear(seen)
		return
	}
	if shrink := exp(T(s.top[r]) - top); shrink != 1 {
		out := s.out.data[r*f.D : (r+1)*f.D]
		scaleRow(out, shrink, out)
		s.rest.scale(r, f.D, shrink)
		s.total[r] *= float64(shrink)
	}
	s.total[r] += expRow(seen, seen, top)
	s.top[r] = float64(top)
	maskRow(f.mask, seen, f.number(rows.b, h, i, j+lo))
}

// finish divides by the sums of exponentials and stores the output and the normalizer.
func (f *attentionForward[T]) finish(s *attentionScratch[T], rows queryRows, out []T) {
	for r := range rows.count() {
		h, i := rows.row(r)
		o := f.o.at(rows.b, i, h)[:f.D]
		inverse := T(0)
		if s.total[r] == 0 {
			clear(o)
		} else {
			inverse = T(1 / s.total[r])
			scaleRow(o, inverse, out[r*f.D:(r+1)*f.D])
		}
		f.normalizer.set((rows.b*f.H+h)*f.Tq+i, T(s.top[r]), inverse)
	}
}
