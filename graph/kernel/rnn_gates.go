package kernel

// recurrentRow is one sequence of a tile in a step of Backward.
type recurrentRow[T Float] struct {
	dh         []T // gradient of the state after the step
	out        []T // receives the gradient of the state before the step, without the product
	dc         []T // gradient of c after the step, replaced by the gradient before the step
	gates      [keptGates][]T
	dgates, dx [keptGates][]T // receive the gradients of the products of the state and of the input
}

// gru: last is the state before the step, nil for zeros.
func (r *recurrentRow[T]) gru(last []T) {
	n := len(r.dh)
	reset, update, candidate, inner := r.gates[0][:n], r.gates[1][:n], r.gates[2][:n], r.gates[3][:n]
	dr, dz, dn, dinner := r.dx[0][:n], r.dx[1][:n], r.dx[2][:n], r.dgates[2][:n]
	out := r.out[:n]
	for k, dh := range r.dh {
		var h T
		if last != nil {
			h = last[k]
		}
		d := dh * (1 - update[k]) * (1 - candidate[k]*candidate[k])
		dr[k] = d * inner[k] * reset[k] * (1 - reset[k])
		dz[k] = dh * (h - candidate[k]) * update[k] * (1 - update[k])
		dn[k], dinner[k] = d, d*reset[k]
		out[k] = dh * update[k]
	}
	copy(r.dgates[0], dr)
	copy(r.dgates[1], dz)
}

// lstm: squashed is tanh(c) after the step, last is c before the step, nil for zeros.
func (r *recurrentRow[T]) lstm(squashed, last []T) {
	n := len(r.dh)
	in, forget, candidate, o := r.gates[0][:n], r.gates[1][:n], r.gates[2][:n], r.gates[3][:n]
	di, df, dg, do := r.dx[0][:n], r.dx[1][:n], r.dx[2][:n], r.dx[3][:n]
	cell, squashed := r.dc[:n], squashed[:n]
	for k, dh := range r.dh {
		var c T
		if last != nil {
			c = last[k]
		}
		dc := cell[k] + dh*o[k]*(1-squashed[k]*squashed[k])
		di[k] = dc * candidate[k] * in[k] * (1 - in[k])
		df[k] = dc * c * forget[k] * (1 - forget[k])
		dg[k] = dc * in[k] * (1 - candidate[k]*candidate[k])
		do[k] = dh * squashed[k] * o[k] * (1 - o[k])
		cell[k] = dc * forget[k]
	}
	for g, d := range r.dx {
		copy(r.dgates[g], d)
	}
	clear(r.out)
}
