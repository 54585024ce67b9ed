package kernel

// prepareBias clears DBias. Sequences and heads that share rows of DBias are added one after the other, in a fixed order.
func (w *attentionBackward[T]) prepareBias() {
	if w.DBias == nil {
		return
	}
	checkReach("attention backward", "dbias", len(w.DBias), w.biasReach())
	for b := range w.B {
		for h := range w.H {
			clear(w.DBias[b*w.BiasBatch+h*w.BiasHead:][:w.Tq*w.Tk])
		}
	}
	if w.BiasBatch == 0 && w.B > 0 {
		w.batches = w.B
	}
	if w.BiasHead == 0 {
		w.kvHeads = w.KVHeads
	}
}

// addBiasGrads adds the gradients of the scores of the keys of s to the requested gradients of the biases.
func (w *attentionBackward[T]) addBiasGrads(ds []T, b, h, i int, s span) {
	if w.DBias != nil {
		addRow(w.DBias[w.biasAt(b, h, i, s.lo):][:len(ds)], ds)
	}
	if w.parts != nil && len(ds) > 0 {
		addRow64(w.parts[(b*w.H+h)*w.distances()+w.distanceAt(b, i, s.lo):][:len(ds)], ds)
	}
}

// sumDistances adds the gradients of all sequences, and of all heads that share a row of Distance, in order.
func (w *attentionBackward[T]) sumDistances() {
	n := w.distances()
	if w.DDistance == nil || n == 0 {
		return
	}
	total := take[buffer[float64]]()
	rows, shared := w.H, 1
	if w.DistanceHead == 0 {
		rows, shared = min(1, w.H), w.H
	}
	for h := range rows {
		sums := total.zeroed(n)
		for b := range w.B {
			for k := range shared {
				addRow64(sums, w.parts[(b*w.H+h+k)*n:][:n])
			}
		}
		for k, v := range sums {
			w.DDistance[h*w.DistanceHead+k] = T(v)
		}
	}
	give(total)
}
