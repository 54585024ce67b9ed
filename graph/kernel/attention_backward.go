package kernel

import "math"

// AttentionGrads are the operands of Attention.Backward: the output O and LSE (B, H, Tq) of Forward, the gradient DO of O, and
// what is to be written, the gradients of Q, K, V and Bias. DBias, nil when it is not wanted, is laid out as Bias and summed
// over what shares its rows.
type AttentionGrads[T Float] struct {
	O, DO      Heads[T]
	DQ, DK, DV Heads[T]
	LSE, DBias []T
}

// Backward writes the gradients. With p = softmax(s), m the dropout mask and Δ = Σ o·do of a query:
//
//	dv = Σ (p·m)·do, ds = p·(m·do·v - Δ), dq = Scale·Σ ds·k, dk = Scale·Σ ds·q, dbias = ds
//
// DQ, DK and DV must not overlap the other operands.
func (a Attention[T]) Backward(g AttentionGrads[T]) {
	a.prepare("attention backward")
	checkReach("attention backward", "o", len(g.O.Data), a.reach(g.O, a.Tq, a.H))
	checkReach("attention backward", "do", len(g.DO.Data), a.reach(g.DO, a.Tq, a.H))
	checkReach("attention backward", "dq", len(g.DQ.Data), a.reach(g.DQ, a.Tq, a.H))
	checkReach("attention backward", "dk", len(g.DK.Data), a.reach(g.DK, a.Tk, a.KVHeads))
	checkReach("attention backward", "dv", len(g.DV.Data), a.reach(g.DV, a.Tk, a.KVHeads))
	checkLen("attention backward", "lse", len(g.LSE), a.B*a.H*a.Tq)
	w := attentionBackward[T]{Attention: a, AttentionGrads: g, mask: newMask(a.Dropout, a.Seed), batches: 1, kvHeads: 1}
	if g.DBias != nil {
		checkReach("attention backward", "dbias", len(g.DBias), a.biasReach())
		w.clearBias()
		// Who adds to the same rows of DBias must take turns, in a fixed order.
		if a.BiasBatch == 0 {
			w.batches = a.B
		}
		if a.BiasHead == 0 {
			w.kvHeads = a.KVHeads
		}
	}
	if a.B == 0 || a.H == 0 {
		return
	}
	cost := a.H / a.KVHeads * a.Tq * a.Tk * a.D
	parallel(a.B/w.batches*(a.KVHeads/w.kvHeads), rowGrain(cost), w)
}

// attentionBackward is cut by sequence and key head; a worker does batches sequences of kvHeads heads in a row.
type attentionBackward[T Float] struct {
	Attention[T]
	AttentionGrads[T]
	mask             mask
	batches, kvHeads int
}

// gradScratch is the memory of one worker for the backward pass.
type gradScratch[T Float] struct {
	panels panels[T]
	p, ds  buffer[T] // (queryTile, keyTile)
	delta  buffer[T] // (Tq) of one head
}

func (w *attentionBackward[T]) clearBias() {
	for b := range w.B {
		for h := range w.H {
			clear(w.DBias[b*w.BiasBatch+h*w.BiasHead:][:w.Tq*w.Tk])
		}
	}
}

func (w *attentionBackward[T]) Range(lo, hi int) {
	s := take[gradScratch[T]]()
	sets := w.KVHeads / w.kvHeads
	for i := lo; i < hi; i++ {
		for b := i / sets * w.batches; b < (i/sets+1)*w.batches; b++ {
			for kv := i % sets * w.kvHeads; kv < (i%sets+1)*w.kvHeads; kv++ {
				w.keyHead(s, b, kv)
			}
		}
	}
	give(s)
}

// keyHead does one key head with all query heads that read it.
func (w *attentionBackward[T]) keyHead(s *gradScratch[T], b, kv int) {
	for t := range w.Tk {
		clear(w.DK.at(b, t, kv)[:w.D])
		clear(w.DV.at(b, t, kv)[:w.D])
	}
	group := w.H / w.KVHeads
	for h := kv * group; h < (kv+1)*group; h++ {
		delta := s.delta.sized(w.Tq)
		for i := range w.Tq {
			clear(w.DQ.at(b, i, h)[:w.D])
			delta[i] = T(dot64(w.O.at(b, i, h)[:w.D], w.DO.at(b, i, h)[:w.D]))
		}
		for j := 0; j < w.Tk; j += keyTile {
			for i := 0; i < w.Tq; i += queryTile {
				w.tile(s, gradTile{b, h, kv, i, j, min(queryTile, w.Tq-i), min(keyTile, w.Tk-j)})
			}
		}
	}
}

// gradTile is m queries from i on with n keys from j on.
type gradTile struct{ b, h, kv, i, j, m, n int }

func (w *attentionBackward[T]) tile(s *gradScratch[T], t gradTile) {
	lo, _ := w.span(t.b, t.i)
	_, hi := w.span(t.b, t.i+t.m-1)
	if lo >= t.j+t.n || hi <= t.j {
		return
	}
	p, ds := s.p.sized(t.m*t.n), s.ds.sized(t.m*t.n)
	scale := T(w.Scale)
	q, do := w.Q.rows(t.b, t.i, t.h, false), w.DO.rows(t.b, t.i, t.h, false)
	product[T]{m: t.m, n: t.n, k: w.D, a: q, b: w.K.rows(t.b, t.j, t.kv, true), c: p, stride: t.n, alpha: scale}.run(&s.panels)
	product[T]{m: t.m, n: t.n, k: w.D, a: do, b: w.V.rows(t.b, t.j, t.kv, true), c: ds, stride: t.n, alpha: 1}.run(&s.panels)
	for r := range t.m {
		w.row(p[r*t.n:(r+1)*t.n], ds[r*t.n:(r+1)*t.n], t, r, s.delta.data[t.i+r])
	}
	pt, dst := Matrix[T]{Data: p, Stride: t.n, Trans: true}, Matrix[T]{Data: ds, Stride: t.n, Trans: true}
	add := product[T]{m: t.n, n: w.D, k: t.m, accumulate: true}
	add.a, add.b, add.c, add.stride, add.alpha = pt, do, w.DV.at(t.b, t.j, t.kv), w.DV.Time, 1
	add.run(&s.panels)
	add.a, add.b, add.c, add.stride, add.alpha = dst, q, w.DK.at(t.b, t.j, t.kv), w.DK.Time, scale
	add.run(&s.panels)
	add.m, add.k, dst.Trans = t.m, t.n, false
	add.a, add.b, add.c, add.stride = dst, w.K.rows(t.b, t.j, t.kv, false), w.DQ.at(t.b, t.i, t.h), w.DQ.Time
	add.run(&s.panels)
}

// row turns the scores p and the products ds = do·v of one query into the probabilities after dropout and the gradients of the
// scores.
func (w *attentionBackward[T]) row(p, ds []T, t gradTile, r int, delta T) {
	i := t.i + r
	lse := w.LSE[(t.b*w.H+t.h)*w.Tq+i]
	lo, hi := w.span(t.b, i)
	lo, hi = clip(lo, hi, t.j, t.n)
	if math.IsInf(float64(lse), -1) {
		hi = lo
	}
	w.addBias(p, t.b, t.h, i, t.j)
	clear(p[:lo])
	clear(p[hi:])
	clear(ds[:lo])
	clear(ds[hi:])
	seen, dseen := p[lo:hi], ds[lo:hi]
	expRow(seen, seen, lse)
	maskRow(w.mask, dseen, w.number(t.b, t.h, i, t.j+lo))
	centerRow(dseen, seen, dseen, delta)
	maskRow(w.mask, seen, w.number(t.b, t.h, i, t.j+lo))
	if w.DBias != nil {
		addRow(w.DBias[t.b*w.BiasBatch+t.h*w.BiasHead+i*w.Tk+t.j:][:t.n], ds)
	}
}
