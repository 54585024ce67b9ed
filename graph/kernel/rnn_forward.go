package kernel

// Forward computes the states after every step.
func (r Recurrent[T]) Forward(s RecurrentStates[T]) {
	r.check(s)
	checkLen(r.Cell.String(), "x", len(r.X), r.B*r.Time*r.Cell.Gates()*r.H)
	if r.B*r.Time*r.H == 0 {
		return
	}
	w := take[recurrentMemory[T]]()
	f := recurrentForward[T]{Recurrent: r, RecurrentStates: s}
	f.w = columns[T]{b: Matrix[T]{Data: r.W, Stride: r.H, Trans: true}, m: r.B, k: r.H, gates: r.Cell.Gates(), width: r.H}
	f.w.pack(&w.packed)
	f.last, f.next, f.cell = w.a.sized(r.B*r.H), w.b.sized(r.B*r.H), w.c.sized(r.B*r.H)
	initial(f.last, r.H0)
	initial(f.cell, r.C0)
	for f.t = range r.Time {
		parallel(r.tiles(), r.grain(), f)
		f.last, f.next = f.next, f.last
	}
	give(w)
}

// recurrentMemory is the scratch memory of a Recurrent.
type recurrentMemory[T Float] struct{ packed, a, b, c, d, e buffer[T] }

// recurrentForward is one step of Forward.
type recurrentForward[T Float] struct {
	Recurrent[T]
	RecurrentStates[T]
	w                columns[T]
	last, next, cell []T // (B, H): h before and after the step; c, which the step replaces
	t                int
}

// recurrentTileMemory is the scratch memory of a worker.
type recurrentTileMemory[T Float] struct {
	panels[T]
	rows buffer[T]
}

func (f *recurrentForward[T]) Range(lo, hi int) {
	s := take[recurrentTileMemory[T]]()
	for i := lo; i < hi; i++ {
		v := f.tile(i)
		size := v.m * v.n
		sums := s.rows.sized(5 * size)
		for g := range f.Cell.Gates() {
			f.w.multiply(&s.panels, sums[g*size:][:size], f.last[v.b*f.H:], v.m, g, v.block)
		}
		if f.Cell == LSTM {
			f.lstm(v, sums, size)
		} else {
			f.gru(v, sums, size)
		}
	}
	give(s)
}

// addInput adds the products of the input, and the bias, to the sums of one gate.
func (f *recurrentForward[T]) addInput(v recurrentTile, sums []T, gate int, input bool) {
	at := gate*f.H + v.j
	for i := range v.m {
		row := sums[i*v.n:][:v.n]
		if input {
			addRow(row, f.X[((v.b+i)*f.Time+f.t)*f.Cell.Gates()*f.H+at:][:v.n])
		}
		if f.Bias != nil {
			addRow(row, f.Bias[at:][:v.n])
		}
	}
}

// gru turns the products of a tile, r, z and bₙ, into gates and states.
func (f *recurrentForward[T]) gru(v recurrentTile, sums []T, size int) {
	for g := range 3 {
		f.addInput(v, sums[g*size:][:size], g, g < 2)
	}
	activateRow(Sigmoid, sums[:2*size], sums[:2*size])
	reset, update, inner, n := sums[:size], sums[size:2*size], sums[2*size:3*size], sums[3*size:4*size]
	for i := range v.m {
		x := f.X[((v.b+i)*f.Time+f.t)*3*f.H+2*f.H+v.j:][:v.n]
		at := i * v.n
		for k, x := range x {
			n[at+k] = x + reset[at+k]*inner[at+k]
		}
	}
	activateRow(Tanh, n, n)
	for i := range v.m {
		at, b := i*v.n, v.b+i
		last, next := f.last[b*f.H+v.j:][:v.n], f.next[b*f.H+v.j:][:v.n]
		if f.done(b, f.t) {
			copy(next, last)
		} else {
			z, n := update[at:][:v.n], n[at:][:v.n]
			for k, h := range last {
				next[k] = n[k] + z[k]*(h-n[k])
			}
		}
		f.store(v, i, reset[at:], update[at:], n[at:], inner[at:])
	}
}

// lstm turns the products of a tile into gates and states.
func (f *recurrentForward[T]) lstm(v recurrentTile, sums []T, size int) {
	for g := range 4 {
		f.addInput(v, sums[g*size:][:size], g, true)
	}
	activateRow(Sigmoid, sums[:2*size], sums[:2*size])
	activateRow(Tanh, sums[2*size:3*size], sums[2*size:3*size])
	activateRow(Sigmoid, sums[3*size:4*size], sums[3*size:4*size])
	in, forget, candidate, out, squashed := sums[:size], sums[size:2*size], sums[2*size:3*size], sums[3*size:4*size], sums[4*size:5*size]
	f.cells(v, in, forget, candidate, squashed)
	activateRow(Tanh, squashed, squashed)
	for i := range v.m {
		at, b := i*v.n, v.b+i
		next := f.next[b*f.H+v.j:][:v.n]
		if f.done(b, f.t) {
			copy(next, f.last[b*f.H+v.j:])
		} else {
			o, squashed := out[at:][:v.n], squashed[at:][:v.n]
			for k := range next {
				next[k] = o[k] * squashed[k]
			}
		}
		f.store(v, i, in[at:], forget[at:], candidate[at:], out[at:])
	}
}

// cells computes the states c of a tile, and copies them to next. Of a sequence that has ended, next is zero.
func (f *recurrentForward[T]) cells(v recurrentTile, in, forget, candidate, next []T) {
	for i := range v.m {
		at, b := i*v.n, v.b+i
		next := next[at:][:v.n]
		if f.done(b, f.t) {
			clear(next)
			continue
		}
		in, forget, candidate := in[at:][:v.n], forget[at:][:v.n], candidate[at:][:v.n]
		cell := f.cell[b*f.H+v.j:][:v.n]
		for k, c := range cell {
			c = forget[k]*c + in[k]*candidate[k]
			cell[k], next[k] = c, c
		}
	}
}

// store writes the new states of row i of a tile, and its gates, to the results.
func (f *recurrentForward[T]) store(v recurrentTile, i int, gates ...[]T) {
	row, from := (v.b+i)*f.Time+f.t, (v.b+i)*f.H+v.j
	copy(f.Y[row*f.H+v.j:][:v.n], f.next[from:])
	if f.C != nil {
		copy(f.C[row*f.H+v.j:][:v.n], f.cell[from:])
	}
	if f.Gates == nil {
		return
	}
	for g, x := range gates {
		copy(f.Gates[(row*keptGates+g)*f.H+v.j:][:v.n], x)
	}
}
