package kernel

// AttentionGrads are the operands of Attention.Backward: the output O and the Normalizer (B, H, Tq) of Forward, the
// gradient DO of O, and the results DQ, DK, DV, DBias and DDistance, the gradients of Q, K, V, Bias and Distance. A result
// is not computed if its Data, or the slice itself, is nil. DBias and DDistance have the layouts of Bias and Distance. A row
// that several heads or sequences share gets the sum of their gradients.
type AttentionGrads[T Float] struct {
	O, DO      Heads[T]
	Normalizer Normalizer[T]
	DQ, DK, DV Heads[T]
	DBias      []T
	DDistance  []T
}

// needsScores reports whether a requested gradient depends on the scores.
func (g *AttentionGrads[T]) needsScores() bool {
	return g.DQ.Data != nil || g.DK.Data != nil || g.DBias != nil || g.DDistance != nil
}

// Backward writes the gradients. With p = softmax(s), m the dropout mask and Δ = Σ o·do of a query:
//
//	dv = Σ (p·m)·do, dbias = p·(m·do·v - Δ), ds = dbias·cap'(s), dq = Scale·Σ ds·k, dk = Scale·Σ ds·q
//
// DQ, DK and DV must not overlap the other operands.
func (a Attention[T]) Backward(g AttentionGrads[T]) {
	a.prepare("attention backward")
	a.prepareValues("attention backward")
	checkReach("attention backward", "o", len(g.O.Data), a.reach(g.O, a.Tq, a.H))
	checkReach("attention backward", "do", len(g.DO.Data), a.reach(g.DO, a.Tq, a.H))
	a.checkGrad("dq", g.DQ, a.Tq, a.H)
	a.checkGrad("dk", g.DK, a.Tk, a.KVHeads)
	a.checkGrad("dv", g.DV, a.Tk, a.KVHeads)
	g.Normalizer.checkWhole("attention backward", a.B*a.H*a.Tq)
	w := attentionBackward[T]{Attention: a, AttentionGrads: g, mask: newMask(a.Dropout, a.Seed), batches: 1, kvHeads: 1}
	w.prepareBias()
	if g.DDistance != nil {
		checkReach("attention backward", "ddistance", len(g.DDistance), a.distanceReach())
		parts := take[buffer[float64]]()
		w.parts = parts.zeroed(a.B * a.H * a.distances())
		defer give(parts)
	}
	if a.B > 0 && a.H > 0 {
		cost := a.H / a.KVHeads * a.Tq * a.Tk * a.D
		parallel(a.B/w.batches*(a.KVHeads/w.kvHeads), rowGrain(cost), w)
	}
	w.sumDistances()
}

func (a *Attention[T]) checkGrad(name string, x Heads[T], time, heads int) {
	if x.Data != nil {
		checkReach("attention backward", name, len(x.Data), a.reach(x, time, heads))
	}
}

// attentionBackward is split by sequence and key head. An iteration computes batches sequences of kvHeads heads in
// order.
type attentionBackward[T Float] struct {
	Attention[T]
	AttentionGrads[T]
	mask             mask
	batches, kvHeads int
	parts            []float64 // (B, H, Tq+Tk-1) gradients of Distance
}

// gradScratch is the scratch memory of one worker in the backward pass.
type gradScratch[T Float] struct {
	panels   panels[T]
	p, ds    buffer[T]       // (queryTile, keyTile)
	q        buffer[T]       // rows of a tile of Forward
	together buffer[T]       // scores of q
	delta    buffer[T]       // (Tq) of one head
	offset   buffer[float64] // (Tq) of one head
	spans    buffer[span]
	tiles    buffer[span] // joined spans of each tile of queries
	slopes   [keyTile]T   // of Softcap

	restQ, restK, restV, restBias folded[T] // of the gradients
}

func (w *attentionBackward[T]) Range(lo, hi int) {
	s := take[gradScratch[T]]()
	sets := w.KVHeads / w.kvHeads
	for i := lo; i < hi; i++ {
		bias := w.biasSums(i/sets*w.batches, i%sets*w.kvHeads)
		for b := i / sets * w.batches; b < (i/sets+1)*w.batches; b++ {
			for kv := i % sets * w.kvHeads; kv < (i%sets+1)*w.kvHeads; kv++ {
				w.keyHead(s, b, kv)
				s.restBias.count(bias)
			}
		}
		s.restBias.addTo(bias)
	}
	give(s)
}

// biasSums returns the rows of DBias of the query heads that read a key head, or the rows that all heads share.
func (w *attentionBackward[T]) biasSums(b, kv int) sumMatrix[T] {
	if w.DBias == nil {
		return sumMatrix[T]{}
	}
	group, first := w.H/w.KVHeads, kv*w.H/w.KVHeads
	if w.BiasHead == 0 {
		group, first = 1, 0
	}
	return sumMatrix[T]{w.DBias[b*w.BiasBatch+first*w.BiasHead:], group, w.Tq * w.Tk, w.BiasHead}
}

// gradSums returns rows of a gradient of one head from time t on, or nothing if the gradient is not computed.
func (w *attentionBackward[T]) gradSums(x Heads[T], b, t, h, rows int) sumMatrix[T] {
	if x.Data == nil {
		return sumMatrix[T]{}
	}
	return sumMatrix[T]{x.at(b, t, h), rows, w.D, x.Time}
}

// keyHead computes one key head with all query heads that read it.
func (w *attentionBackward[T]) keyHead(s *gradScratch[T], b, kv int) {
	w.zero(w.DK, w.Tk, b, kv)
	w.zero(w.DV, w.Tk, b, kv)
	spans, tiles := w.spans(s, b)
	group := w.H / w.KVHeads
	for h := kv * group; h < (kv+1)*group; h++ {
		w.zero(w.DQ, w.Tq, b, h)
		delta, offset := s.delta.sized(w.Tq), s.offset.sized(w.Tq)
		for i := range w.Tq {
			if w.needsScores() {
				delta[i] = T(dot64(w.O.at(b, i, h)[:w.D], w.DO.at(b, i, h)[:w.D]))
			}
			offset[i] = w.offset(b, h, i, spans[i])
		}
		dq := w.gradSums(w.DQ, b, 0, h, w.Tq)
		for j := 0; j < w.Tk; j += keyTile {
			n := min(keyTile, w.Tk-j)
			dk, dv := w.gradSums(w.DK, b, j, kv, n), w.gradSums(w.DV, b, j, kv, n)
			for i := 0; i < w.Tq; i += queryTile {
				if seen := tiles[i/queryTile]; seen.hi <= j || seen.lo >= j+keyTile {
					continue
				}
				w.tile(s, gradTile{b, h, kv, i, j, min(queryTile, w.Tq-i), n})
				s.restK.count(dk)
				s.restV.count(dv)
			}
			s.restK.addTo(dk)
			s.restV.addTo(dv)
			s.restQ.count(dq)
		}
		s.restQ.addTo(dq)
	}
}

// spans computes the span of each query, and the joined spans of each tile of queries.
func (w *attentionBackward[T]) spans(s *gradScratch[T], b int) (spans, tiles []span) {
	spans, tiles = s.spans.sized(w.Tq), s.tiles.zeroed((w.Tq+queryTile-1)/queryTile)
	for i := range spans {
		spans[i] = w.span(b, i)
		tiles[i/queryTile] = tiles[i/queryTile].join(spans[i])
	}
	return spans, tiles
}

// zero clears one head of x. It does nothing if x has no Data.
func (w *attentionBackward[T]) zero(x Heads[T], time, b, h int) {
	if x.Data == nil {
		return
	}
	for t := range time {
		clear(x.at(b, t, h)[:w.D])
	}
}

// gradTile is a tile of m queries from i on and n keys from j on.
type gradTile struct{ b, h, kv, i, j, m, n int }

func (w *attentionBackward[T]) tile(s *gradScratch[T], t gradTile) {
	p, ds := s.p.sized(t.m*t.n), s.ds.sized(t.m*t.n)
	q, do := w.Q.rows(t.b, t.i, t.h, false), w.DO.rows(t.b, t.i, t.h, false)
	w.scores(s, t, q)
	if w.needsScores() {
		product[T]{m: t.m, n: t.n, k: w.D, a: do, b: w.V.rows(t.b, t.j, t.kv, true), c: ds, stride: t.n, alpha: 1}.run(&s.panels)
	}
	for r := range t.m {
		w.row(s, p[r*t.n:(r+1)*t.n], ds[r*t.n:(r+1)*t.n], t, r)
	}
	w.add(s, t, q, do)
}

// scores writes the scores of a tile to p, equal bit for bit to the scores of Forward. Few rows are summed in pairs, so
// the rows of one tile of Forward are computed together.
func (w *attentionBackward[T]) scores(s *gradScratch[T], t gradTile, q Matrix[T]) {
	all := product[T]{m: t.m, n: t.n, a: q, b: w.K.rows(t.b, t.j, t.kv, true), c: s.p.data, stride: t.n}
	heads := w.headsTogether(w.Tq)
	if heads == 1 || !thin(t.m*heads, all.b) {
		w.scoreTile(all, &s.panels, t.m*heads)
		return
	}
	all.m = t.m * heads
	rows := queryRows{b: t.b, head: t.h / heads * heads, first: t.i, heads: heads, queries: t.m}
	all.a, all.c = Matrix[T]{Data: w.gather(s.q.sized(all.m*w.D), rows), Stride: w.D}, s.together.sized(all.m*t.n)
	w.scoreTile(all, &s.panels, all.m)
	copy(s.p.data, all.c[(t.h-rows.head)*t.m*t.n:][:t.m*t.n])
}

// add adds the products of a tile to the requested gradients.
func (w *attentionBackward[T]) add(s *gradScratch[T], t gradTile, q, do Matrix[T]) {
	pt, dst := Matrix[T]{Data: s.p.data, Stride: t.n, Trans: true}, Matrix[T]{Data: s.ds.data, Stride: t.n, Trans: true}
	add := product[T]{m: t.n, n: w.D, k: t.m, accumulate: true}
	if w.DV.Data != nil {
		add.a, add.b, add.c, add.stride, add.alpha = pt, do, w.DV.at(t.b, t.j, t.kv), w.DV.Time, 1
		add.run(&s.panels)
	}
	if w.DK.Data != nil {
		add.a, add.b, add.c, add.stride, add.alpha = dst, q, w.DK.at(t.b, t.j, t.kv), w.DK.Time, T(w.Scale)
		add.run(&s.panels)
	}
	if w.DQ.Data != nil {
		add.m, add.k, dst.Trans = t.m, t.n, false
		add.a, add.b, add.c, add.stride, add.alpha = dst, w.K.rows(t.b, t.j, t.kv, false), w.DQ.at(t.b, t.i, t.h), w.DQ.Time, T(w.Scale)
		add.run(&s.panels)
	}
}

// row turns the scores p of one query into the probabilities after dropout, and the products ds = do·v into the
// gradients of the scores.
func (w *attentionBackward[T]) row(s *gradScratch[T], p, ds []T, t gradTile, r int) {
	i := t.i + r
	at := (t.b*w.H+t.h)*w.Tq + i
	inverse := w.Normalizer.Inverse[at]
	lo, hi := s.spans.data[i].clip(t.j, t.n)
	if inverse == 0 {
		hi = lo
	}
	clear(p[:lo])
	clear(p[hi:])
	seen, number, keys := p[lo:hi], w.number(t.b, t.h, i, t.j+lo), span{t.j + lo, t.j + hi}
	w.capScores(seen, &s.slopes)
	w.addBias(seen, t.b, t.h, i, keys, s.offset.data[i])
	expScaleRow(seen, seen, w.Normalizer.Top[at], inverse, 0)
	if w.needsScores() {
		clear(ds[:lo])
		clear(ds[hi:])
		dseen := ds[lo:hi]
		maskRow(w.mask, dseen, number)
		centerRow(dseen, seen, dseen, s.delta.data[i], 0)
		w.addBiasGrads(dseen, t.b, t.h, i, keys)
		if w.Softcap > 0 {
			binaryRow(Mul, dseen, dseen, s.slopes[:len(dseen)])
		}
	}
	maskRow(w.mask, seen, number)
}
