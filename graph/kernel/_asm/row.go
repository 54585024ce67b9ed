package main

import (
	"math"
	"strings"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// lanes is the number of float32 in a vector.
const lanes = 8

func bitsOf(v float32) uint32 { return math.Float32bits(v) }

// row describes a loop over rows of n float32: the computation on each vector of eight elements. The last elements use
// the same instructions with masked loads and stores.
type row struct {
	name, doc string
	in, out   []string // operands; an operand in both is updated
	words     []string // uint32 arguments
	scalars   []string // float32 arguments
	sums      []string // results; sums run in float64
	body      func(v *vector)
}

// vector is one iteration of the loop.
type vector struct {
	pointers map[string]Register
	offset   Register
	mask     VecVirtual // of the last iteration, otherwise nil
	scalars  map[string]VecVirtual
	sums     map[string][2]VecVirtual
}

func (r row) signature() string {
	args := []string{"n int"}
	var slices []string
	for _, name := range append(append([]string{}, r.out...), r.in...) {
		if !contains(slices, name) {
			slices = append(slices, name)
		}
	}
	args = append(args, strings.Join(slices, ", ")+" *float32")
	if len(r.words) > 0 {
		args = append(args, strings.Join(r.words, ", ")+" uint32")
	}
	if len(r.scalars) > 0 {
		args = append(args, strings.Join(r.scalars, ", ")+" float32")
	}
	s := "(" + strings.Join(args, ", ") + ")"
	if len(r.sums) > 0 {
		s += " (" + strings.Join(r.sums, ", ") + " float64)"
	}
	return s
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

func (r row) write() {
	declareRow(r.name, r.signature(), r.doc)
	v := &vector{pointers: map[string]Register{}, scalars: map[string]VecVirtual{}, sums: map[string][2]VecVirtual{}}
	n := Load(Param("n"), GP64())
	for _, name := range append(append([]string{}, r.out...), r.in...) {
		if v.pointers[name] == nil {
			v.pointers[name] = Load(Param(name), GP64())
		}
	}
	for _, name := range append(append([]string{}, r.words...), r.scalars...) {
		v.scalars[name] = broadcast(name)
	}
	for _, name := range r.sums {
		v.sums[name] = [2]VecVirtual{zero(), zero()}
	}
	v.offset = GP64()
	XORQ(v.offset, v.offset)
	SUBQ(Imm(lanes), n)
	JL(LabelRef("tail"))
	Label("loop")
	r.body(v)
	ADDQ(Imm(4*lanes), v.offset)
	SUBQ(Imm(lanes), n)
	JGE(LabelRef("loop"))
	Label("tail")
	ADDQ(Imm(lanes), n)
	JZ(LabelRef("done"))
	v.mask = loadMask(n)
	r.body(v)
	Label("done")
	for _, name := range r.sums {
		Store(horizontal(v.sums[name]), Return(name))
	}
	VZEROUPPER()
	RET()
}

// broadcast loads an argument of four bytes into all elements of a vector.
func broadcast(name string) VecVirtual {
	x := YMM()
	from, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	VBROADCASTSS(from.Addr, x)
	return x
}

func zero() VecVirtual {
	x := YMM()
	VXORPS(x, x, x)
	return x
}

// loadMask returns the mask of the first n < 8 elements. It overwrites n.
func loadMask(n Register) VecVirtual {
	table, mask := GP64(), YMM()
	LEAQ(tailMask().Offset(4*lanes), table)
	NEGQ(n)
	VMOVUPS(Mem{Base: table, Index: n, Scale: 4}, mask)
	return mask
}

// at returns the location of an operand.
func (v *vector) at(name string) Mem {
	return Mem{Base: v.pointers[name], Index: v.offset, Scale: 1}
}

func (v *vector) load(name string) VecVirtual { return v.loadAt(name, 0) }

// loadAt loads an operand, disp bytes further.
func (v *vector) loadAt(name string, disp int) VecVirtual {
	x := YMM()
	if v.mask == nil {
		VMOVUPS(v.at(name).Offset(disp), x)
	} else {
		VMASKMOVPS(v.at(name).Offset(disp), v.mask, x)
	}
	return x
}

func (v *vector) store(name string, x VecVirtual) { v.storeAt(name, 0, x) }

func (v *vector) storeAt(name string, disp int, x VecVirtual) {
	if v.mask == nil {
		VMOVUPS(x, v.at(name).Offset(disp))
	} else {
		VMASKMOVPS(x, v.mask, v.at(name).Offset(disp))
	}
}

// add adds the elements of x to a sum.
func (v *vector) add(sum string, x VecVirtual) {
	if v.mask != nil {
		y := YMM()
		VANDPS(v.mask, x, y)
		x = y
	}
	for i, part := range v.halves(x) {
		VADDPD(part, v.sums[sum][i], v.sums[sum][i])
	}
}

// halves returns the two halves of x in float64.
func (v *vector) halves(x VecVirtual) [2]VecVirtual {
	low, high := YMM(), YMM()
	VCVTPS2PD(x.AsX(), low)
	VEXTRACTF128(Imm(1), x, high.AsX())
	VCVTPS2PD(high.AsX(), high)
	return [2]VecVirtual{low, high}
}

// horizontal returns the sum of eight float64 as a scalar.
func horizontal(x [2]VecVirtual) Register {
	high := XMM()
	VADDPD(x[1], x[0], x[0])
	VEXTRACTF128(Imm(1), x[0], high)
	VADDPD(high, x[0].AsX(), x[0].AsX())
	VUNPCKHPD(x[0].AsX(), x[0].AsX(), high)
	VADDSD(high, x[0].AsX(), x[0].AsX())
	return x[0].AsX()
}
