package kernel

// packQ6K stores 128 bytes of lower and 64 of upper bits, 16 signed scales and the scale of the block. The weights are
// from −32 to 31.
func packQ6K(dst []byte, x []float32) {
	clear(dst)
	var scales [16]float32
	var largest float32
	var q [256]int
	for j := range scales {
		scales[j] = fitSigned(q[16*j:][:16], x[16*j:][:16], 32)
		if abs32(scales[j]) > abs32(largest) {
			largest = scales[j]
		}
	}
	if abs32(largest) < tiny {
		return
	}
	inverse := -128 / largest
	putF16(dst[208:], 1/inverse)
	d := getF16(dst[208:])
	for j := range scales {
		s := min(127, nearest(inverse*scales[j]))
		dst[192+j] = byte(int8(s))
		scale := d * float32(s)
		for l := 16 * j; l < 16*(j+1); l++ {
			if scale != 0 {
				q[l] = clamp(nearest(x[l]/scale), -32, 31)
			}
			put6(dst, l, q[l]+32)
		}
	}
}

// put6 stores weight l of a block: quarters of each half share bytes.
func put6(dst []byte, l, q int) {
	low, high, shift := place6(l)
	dst[low] |= byte(q & 15 << shift[0])
	dst[high] |= byte(q >> 4 << shift[1])
}

// place6 returns the bytes of weight l and the shifts of its lower and upper bits.
func place6(l int) (low, high int, shift [2]int) {
	half, quarter, at := l/128, l%128/32, l%32
	return 64*half + quarter%2*32 + at, 128 + 32*half + at, [2]int{quarter / 2 * 4, quarter * 2}
}

func unpackQ6K(x []float32, src []byte) {
	d := getF16(src[208:])
	for l := range x {
		low, high, shift := place6(l)
		q := int(src[low]>>shift[0]&15) | int(src[high]>>shift[1]&3)<<4
		x[l] = float32(d*float32(int8(src[192+l/16]))) * float32(q-32)
	}
}

// fitSigned stores numbers from −most to most−1 in q and returns their scale, with the least error, weighted by the squares
// of x.
func fitSigned(q []int, x []float32, most int) (scale float32) {
	v := extreme(x)
	if abs32(v) < tiny {
		for i := range q {
			q[i] = -most
		}
		return 0
	}
	inverse := -float32(most) / v
	roundSigned(q, x, most, inverse)
	sumLX, sumL2 := sumsOf(x, most, inverse)
	if sumL2 != 0 {
		scale = sumLX / sumL2
	}
	best := scale * sumLX
	for step := -9; step <= 9; step++ {
		if step == 0 {
			continue
		}
		inverse := -(float32(most) + float32(0.1*float32(step))) / v
		if sumLX, sumL2 = sumsOf(x, most, inverse); sumL2 > 0 && sumLX*sumLX > best*sumL2 {
			roundSigned(q, x, most, inverse)
			scale = sumLX / sumL2
			best = scale * sumLX
		}
	}
	return scale
}

// roundSigned stores the numbers of a scale 1/inverse.
func roundSigned(q []int, x []float32, most int, inverse float32) {
	for i, v := range x {
		q[i] = clamp(nearest(inverse*v), -most, most-1)
	}
}

// sumsOf returns the weighted sums of x·q and of q² for the numbers of a scale 1/inverse.
func sumsOf(x []float32, most int, inverse float32) (sumLX, sumL2 float32) {
	for _, v := range x {
		l := float32(clamp(nearest(inverse*v), -most, most-1))
		w := v * v
		sumLX += float32(float32(w*v) * l)
		sumL2 += float32(float32(w*l) * l)
	}
	return sumLX, sumL2
}
