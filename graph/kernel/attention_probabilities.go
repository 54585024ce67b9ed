package kernel

import "math"

// Probabilities writes the probabilities p (B, H, Tq, Tk) of the keys, before dropout. Keys that a query does not see get 0.
// It reads neither V nor O. It serves to look at the attention: training does not need p.
func (a Attention[T]) Probabilities(p []T) { a.look("attention probabilities", p, true) }

// Scores writes the scores (B, H, Tq, Tk) whose softmax gives the probabilities: scaled, capped, and with biases. Keys that a query does
// not see get -Inf. It serves to look at the attention, as Probabilities does.
func (a Attention[T]) Scores(scores []T) { a.look("attention scores", scores, false) }

func (a Attention[T]) look(name string, p []T, softmax bool) {
	a.prepare(name)
	checkLen(name, "result", len(p), a.B*a.H*a.Tq*a.Tk)
	tiles := (a.Tq + queryTile - 1) / queryTile
	work := attentionProbabilities[T]{Attention: a, p: p, tiles: tiles, softmax: softmax}
	if !softmax {
		work.hidden = T(math.Inf(-1))
	}
	parallel(a.B*a.H*tiles, rowGrain(min(a.Tq, queryTile)*a.Tk*a.D/2), work)
}

// attentionProbabilities is split into tiles of up to queryTile queries of one head. Without softmax it computes the scores.
type attentionProbabilities[T Float] struct {
	Attention[T]
	p       []T
	tiles   int
	softmax bool
	hidden  T // result for a key that the query does not see
}

// probabilityScratch is the scratch memory of one tile.
type probabilityScratch[T Float] struct {
	panels panels[T]
	capped [keyTile]T // scratch of capScores
}

func (w *attentionProbabilities[T]) Range(lo, hi int) {
	s := take[probabilityScratch[T]]()
	for i := lo; i < hi; i++ {
		first := i % w.tiles * queryTile
		w.tile(s, i/w.tiles/w.H, i/w.tiles%w.H, first, min(queryTile, w.Tq-first))
	}
	give(s)
}

// tile computes m queries of a head from the first one on.
func (w *attentionProbabilities[T]) tile(s *probabilityScratch[T], b, h, first, m int) {
	rows := w.p[w.number(b, h, first, 0):][:m*w.Tk]
	var all span
	for r := range m {
		all = all.join(w.span(b, first+r))
	}
	for j := all.lo / dotsUnit * dotsUnit; j < all.hi; j += keyTile {
		product[T]{
			m: m, n: min(keyTile, w.Tk-j), k: w.D, alpha: T(w.Scale), c: rows[j:], stride: w.Tk,
			a: w.Q.rows(b, first, h, false), b: w.K.rows(b, j, h/(w.H/w.KVHeads), true),
		}.run(&s.panels)
	}
	for r := range m {
		w.row(s, rows[r*w.Tk:(r+1)*w.Tk], b, h, first+r)
	}
}

// row finishes the scores of query i and turns them into probabilities.
func (w *attentionProbabilities[T]) row(s *probabilityScratch[T], p []T, b, h, i int) {
	keys := w.span(b, i)
	for _, hidden := range [][]T{p[:keys.lo], p[keys.hi:]} {
		for j := range hidden {
			hidden[j] = w.hidden
		}
	}
	seen := p[keys.lo:keys.hi]
	for rest := seen; len(rest) > 0; rest = rest[min(keyTile, len(rest)):] {
		w.capScores(rest[:min(keyTile, len(rest))], s.capped[:])
	}
	if !w.softmax {
		w.addBias(seen, b, h, i, keys, 0)
		return
	}
	w.addBias(seen, b, h, i, keys, w.offset(b, h, i, keys))
	top := largest(seen)
	if math.IsInf(float64(top), -1) {
		clear(seen)
		return
	}
	scaleRow(seen, T(1/expRow(seen, seen, top)), seen)
}
