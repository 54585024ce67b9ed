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

// gradBlock is the largest number of elements in the keys of a block. With their values and gradients, they stay in the L2 cache
// for all queries.
const gradBlock = 1 << 14

// gradTiles is the largest number of tiles of keys in a block.
const gradTiles = 4

// gradScratch is the scratch memory of one worker in the backward pass.
type gradScratch[T Float] struct {
	panels   panels[T]
	keys     [gradTiles]gradKeys[T]
	queries  gradQueries[T]
	p, ds    buffer[T] // (queryTile, keyTile)
	together buffer[T] // scores of all heads of a tile of Forward
	slopes   buffer[T] // (queryTile, keyTile), of Softcap
	dk, dv   buffer[T] // (keys of a block, D)
	delta    buffer[T] // (Tq) of one head
	spans    buffer[spansOf]
	bands    tileBands

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

// gradSums returns the rows of a gradient of one head, or nothing if the gradient is not computed.
func (w *attentionBackward[T]) gradSums(x Heads[T], b, h, rows int) sumMatrix[T] {
	if x.Data == nil {
		return sumMatrix[T]{}
	}
	return sumMatrix[T]{x.at(b, 0, h), rows, w.D, x.Time}
}

// keyHead computes one key head with all query heads that read it.
func (w *attentionBackward[T]) keyHead(s *gradScratch[T], b, kv int) {
	w.tileSpans(s, b)
	group := w.H / w.KVHeads
	if w.Tk == 0 {
		w.clearQueries(b, kv*group, group)
	}
	size := max(1, min(gradTiles, gradBlock/keyTile/max(1, w.D))) * keyTile
	for h := kv * group; h < (kv+1)*group; h++ {
		delta := s.delta.sized(w.Tq)
		if w.needsScores() && w.Tq > 0 {
			dotTile(delta, w.O.tile(b, 0, h, w.Tq, w.D), w.DO.tile(b, 0, h, w.Tq, w.D))
		}
		dq := w.gradSums(w.DQ, b, h, w.Tq)
		for j := 0; j < w.Tk; j += size {
			w.block(s, gradTile{b: b, h: h, kv: kv}, j, min(size, w.Tk-j))
			s.restQ.count(dq)
		}
		s.restQ.addTo(dq)
	}
}

// tileSpans computes the spans of each tile of queries.
func (w *attentionBackward[T]) tileSpans(s *gradScratch[T], b int) {
	for t := range s.spans.sized((w.Tq + queryTile - 1) / queryTile) {
		m := min(queryTile, w.Tq-t*queryTile)
		w.setSpans(s.spans.data[t].each[:m], b, t*queryTile)
		s.spans.data[t].join(m)
	}
}

// clearQueries clears the gradients of the queries of some heads, which see no key.
func (w *attentionBackward[T]) clearQueries(b, first, heads int) {
	for h := first; w.DQ.Data != nil && h < first+heads; h++ {
		for i := range w.Tq {
			clear(w.DQ.at(b, i, h)[:w.D])
		}
	}
}
