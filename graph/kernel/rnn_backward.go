package kernel

// Backward computes the gradients from the results of Forward, through time from the last step to the first.
func (r Recurrent[T]) Backward(s RecurrentStates[T], g RecurrentGrads[T]) {
	r.check(s)
	r.checkGrads(s, g)
	if r.B*r.Time*r.H == 0 {
		return
	}
	w := take[recurrentMemory[T]]()
	gates := r.Cell.Gates() * r.H
	f := recurrentBackward[T]{Recurrent: r, RecurrentStates: s, RecurrentGrads: g}
	if f.DX == nil {
		f.DX = w.e.sized(r.B * r.Time * gates)
	}
	if r.Cell == GRU {
		f.dinner = g.Scratch[r.B*r.Time*r.H:]
	}
	f.w = columns[T]{b: Matrix[T]{Data: r.W, Stride: r.H}, m: r.B, k: gates, gates: 1, width: r.H}
	f.w.pack(&w.packed)
	states := w.a.zeroed(2 * r.B * r.H)
	f.dh, f.dc = states[:r.B*r.H], states[r.B*r.H:]
	f.later, f.dgates = w.b.sized(r.B*gates), w.c.sized(r.B*gates)
	for f.t = r.Time - 1; f.t >= 0; f.t-- {
		parallel(r.tiles(), r.grain(), f)
		f.later, f.dgates = f.dgates, f.later
	}
	if g.DH0 != nil {
		parallel(r.tiles(), r.grain(), f)
	}
	if g.DC0 != nil {
		copy(g.DC0, f.dc)
	}
	f.weights()
	f.biases(&w.d)
	give(w)
}

func (r *Recurrent[T]) checkGrads(s RecurrentStates[T], g RecurrentGrads[T]) {
	name, gates, states := r.Cell.String(), r.Cell.Gates()*r.H, r.B*r.Time*r.H
	checkLen(name, "gates", len(s.Gates), keptGates*states)
	if r.Cell == LSTM {
		checkLen(name, "c", len(s.C), states)
	}
	checkLen(name, "dy", len(g.DY), states)
	checkOptional(name, "dx", g.DX, r.B*r.Time*gates)
	checkOptional(name, "dw", g.DW, gates*r.H)
	checkOptional(name, "dbias", g.DBias, gates)
	checkOptional(name, "dh0", g.DH0, r.B*r.H)
	checkOptional(name, "dc0", g.DC0, r.B*r.H)
	checkLen(name, "scratch", len(g.Scratch), r.BackwardScratch())
}

// recurrentBackward is one step of Backward. Step -1 computes the gradient of H0.
type recurrentBackward[T Float] struct {
	Recurrent[T]
	RecurrentStates[T]
	RecurrentGrads[T]
	w             columns[T]
	later, dgates []T // (B, G·H): gradients of the state's products of the later step and of this one
	dh, dc        []T // (B, H): gradients of the states, without the products of the later step
	dinner        []T // (B, Time, H): gradients of a GRU's bₙ
	t             int
}

func (f *recurrentBackward[T]) Range(lo, hi int) {
	s := take[recurrentTileMemory[T]]()
	for i := lo; i < hi; i++ {
		v := f.tile(i)
		size := v.m * v.n
		rows := s.rows.sized(2 * size)
		dh, squashed := rows[:size], rows[size:]
		if f.t < f.Time-1 {
			f.w.multiply(&s.panels, dh, f.later[v.b*f.w.k:], v.m, 0, v.block)
		} else {
			clear(dh)
		}
		f.addStates(v, dh)
		if f.t >= 0 {
			f.step(v, dh, squashed)
		}
	}
	give(s)
}

// addStates adds the other gradients of the states after the step to dh. For step -1 it writes the sum to DH0.
func (f *recurrentBackward[T]) addStates(v recurrentTile, dh []T) {
	for i := range v.m {
		row, at := dh[i*v.n:][:v.n], (v.b+i)*f.H+v.j
		addRow(row, f.dh[at:][:v.n])
		if f.t < 0 {
			copy(f.DH0[at:], row)
			continue
		}
		addRow(row, f.DY[((v.b+i)*f.Time+f.t)*f.H+v.j:][:v.n])
	}
}

// step computes the gradients of the gates of a tile, and of the states before the step except for the product.
func (f *recurrentBackward[T]) step(v recurrentTile, dh, squashed []T) {
	if f.Cell == LSTM {
		for i := range v.m {
			copy(squashed[i*v.n:][:v.n], f.C[((v.b+i)*f.Time+f.t)*f.H+v.j:])
		}
		activateRow(Tanh, squashed, squashed)
	}
	for i := range v.m {
		b := v.b + i
		row := recurrentRow[T]{dh: dh[i*v.n:][:v.n], out: f.dh[b*f.H+v.j:][:v.n], dc: f.dc[b*f.H+v.j:][:v.n]}
		for g := range f.Cell.Gates() {
			at := g*f.H + v.j
			row.dgates[g] = f.dgates[b*f.w.k+at:][:v.n]
			row.dx[g] = f.DX[(b*f.Time+f.t)*f.w.k+at:][:v.n]
		}
		for g := range keptGates {
			row.gates[g] = f.Gates[((b*f.Time+f.t)*keptGates+g)*f.H+v.j:][:v.n]
		}
		switch {
		case f.done(b, f.t):
			f.skip(v, row, b)
		case f.Cell == LSTM:
			row.lstm(squashed[i*v.n:][:v.n], f.before(f.C, f.C0, b, v))
		default:
			row.gru(f.before(f.Y, f.H0, b, v))
			copy(f.dinner[(b*f.Time+f.t)*f.H+v.j:], row.dgates[2])
		}
	}
}

// before returns a row of the states before the step, nil for zeros.
func (f *recurrentBackward[T]) before(states, first []T, b int, v recurrentTile) []T {
	switch {
	case f.t > 0:
		return states[(b*f.Time+f.t-1)*f.H+v.j:][:v.n]
	case first != nil:
		return first[b*f.H+v.j:][:v.n]
	}
	return nil
}

// skip passes the gradients of the states through a step after the end of sequence b.
func (f *recurrentBackward[T]) skip(v recurrentTile, row recurrentRow[T], b int) {
	copy(row.out, row.dh)
	for g := range f.Cell.Gates() {
		clear(row.dgates[g])
		clear(row.dx[g])
	}
	if f.dinner != nil {
		clear(f.dinner[(b*f.Time+f.t)*f.H+v.j:][:v.n])
	}
}

// weights computes DW in one product over all steps.
func (f *recurrentBackward[T]) weights() {
	if f.DW == nil {
		return
	}
	before := f.Scratch[:f.B*f.Time*f.H]
	for b := range f.B {
		row := before[b*f.Time*f.H:][:f.Time*f.H]
		if f.H0 != nil {
			copy(row[:f.H], f.H0[b*f.H:])
		} else {
			clear(row[:f.H])
		}
		copy(row[f.H:], f.Y[b*f.Time*f.H:])
	}
	if f.dinner == nil {
		f.product(f.DW, f.DX, f.w.k, f.w.k, before)
		return
	}
	f.product(f.DW, f.DX, f.w.k, 2*f.H, before)
	f.product(f.DW[2*f.H*f.H:], f.dinner, f.H, f.H, before)
}

// product computes dw (rows, H) from the first rows columns of d, whose rows have cols elements.
func (f *recurrentBackward[T]) product(dw, d []T, cols, rows int, before []T) {
	Gemm[T]{
		M: rows, N: f.H, K: f.B * f.Time,
		A: Matrix[T]{Data: d, Stride: cols, Trans: true}, B: Matrix[T]{Data: before, Stride: f.H},
		C: dw, StrideC: f.H,
	}.Run()
}

func (f *recurrentBackward[T]) biases(sums *buffer[T]) {
	switch {
	case f.DBias == nil:
	case f.dinner == nil:
		ColumnSums(f.DBias, f.DX, f.w.k)
	default:
		all := sums.sized(f.w.k)
		ColumnSums(all, f.DX, f.w.k)
		copy(f.DBias, all[:2*f.H])
		ColumnSums(f.DBias[2*f.H:], f.dinner, f.H)
	}
}
