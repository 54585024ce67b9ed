package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// wideLanes is the number of float32 in a vector of AVX-512.
const wideLanes = 16

// wide is arithmetic on vectors of sixteen elements, with the bits of the functions for eight. All constants are in registers.
type wide struct{ constants map[uint32]VecVirtual }

// newWide loads the constants of exp.
func newWide() wide {
	w := wide{map[uint32]VecVirtual{}}
	for _, v := range []float32{
		-86.64339, 89, 12582912, 1.4426950408889634, 0.693359375, -2.12194440e-4,
		0.001392617612, 0.008363173075, 0.04166655466, 0.1666657703, 0.5, 1,
	} {
		w.constants[bitsOf(v)] = broadcastAll(all(v))
	}
	return w
}

func (w wide) all(v float32) VecVirtual { return w.constants[bitsOf(v)] }

// exp is exp of eight elements.
func (w wide) exp(x VecVirtual) VecVirtual {
	seen, r, t, n, p := K(), ZMM(), ZMM(), ZMM(), ZMM()
	VCMPPS(U8(notLess), w.all(-86.64339), x, seen)
	VMINPS(x, w.all(89), r)
	VMOVAPS(w.all(12582912), t)
	VFMADD231PS(w.all(1.4426950408889634), r, t)
	VSUBPS(w.all(12582912), t, n)
	VFNMADD231PS(w.all(0.693359375), n, r)
	VFNMADD231PS(w.all(-2.12194440e-4), n, r)
	VMOVAPS(w.all(0.001392617612), p)
	for _, v := range []float32{0.008363173075, 0.04166655466, 0.1666657703, 0.5} {
		VFMADD213PS(w.all(v), r, p)
	}
	VMULPS(r, p, p)
	VFMADD213PS(r, r, p)
	VADDPS(w.all(1), p, p)
	VADDPS(p, p, p)
	VPSLLD(Imm(23), t, t)
	VPADDD(w.constants[126<<23], t, t) // the bits of 0.5
	VMULPS_Z(t, p, seen, p)
	return p
}

// broadcastAll returns a vector of sixteen times the element at m.
func broadcastAll(m Op) VecVirtual {
	x := ZMM()
	VBROADCASTSS(m, x)
	return x
}

// loadWide loads sixteen elements of an operand.
func (v *vector) loadWide(name string) VecVirtual {
	x := ZMM()
	VMOVUPS(v.at(name), x)
	return x
}
