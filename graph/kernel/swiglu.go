package kernel

// SwiGLU computes y = silu(gate)·up for each element (Shazeer 2020, https://arxiv.org/abs/2002.05202). y may be gate or up.
func SwiGLU[T Float](y, gate, up []T) {
	checkLen("swiglu", "y", len(y), len(gate))
	checkLen("swiglu", "up", len(up), len(gate))
	parallel(len(gate), minWork/activationCost, swiglu[T]{y, gate, up})
}

type swiglu[T Float] struct{ y, gate, up []T }

func (s *swiglu[T]) Range(lo, hi int) { swigluRow(s.y[lo:hi], s.gate[lo:hi], s.up[lo:hi]) }

func swigluRow[T Float](y, gate, up []T) {
	y, up = y[:len(gate)], up[:len(gate)]
	if fast[T]() {
		swigluRowAsm(len(gate), first(y), first(gate), first(up))
		return
	}
	for i, g := range gate {
		y[i] = silu(g) * up[i]
	}
}

// SwiGLUGrad computes dgate = silu'(gate)·up·dy and dup = silu(gate)·dy. dgate or dup may be nil. Each may be any of the
// inputs.
func SwiGLUGrad[T Float](dgate, dup, gate, up, dy []T) {
	checkOptional("swiglu grad", "dgate", dgate, len(gate))
	checkOptional("swiglu grad", "dup", dup, len(gate))
	checkLen("swiglu grad", "up", len(up), len(gate))
	checkLen("swiglu grad", "dy", len(dy), len(gate))
	parallel(len(gate), minWork/activationCost, swigluGrad[T]{dgate, dup, gate, up, dy})
}

type swigluGrad[T Float] struct{ dgate, dup, gate, up, dy []T }

func (s *swigluGrad[T]) Range(lo, hi int) {
	if !fast[T]() {
		s.plain(lo, hi)
		return
	}
	var spare [512]T // receives a gradient that is not requested, so that the other has the same bits
	for ; lo < hi; lo += len(spare) {
		n := min(hi-lo, len(spare))
		dgate, dup := spare[:n], spare[:n]
		if s.dgate != nil {
			dgate = s.dgate[lo:][:n]
		}
		if s.dup != nil {
			dup = s.dup[lo:][:n]
		}
		swigluGradRowAsm(n, first(dgate), first(dup), first(s.gate[lo:]), first(s.up[lo:]), first(s.dy[lo:]))
	}
}

func (s *swigluGrad[T]) plain(lo, hi int) {
	for i := lo; i < hi; i++ {
		g, u, d := s.gate[i], s.up[i], s.dy[i]
		p, rest := sigmoids(g)
		if s.dgate != nil {
			s.dgate[i] = p * (1 + saturate(g)*rest) * u * d
		}
		if s.dup != nil {
			s.dup[i] = atLeast(g) * p * d
		}
	}
}
