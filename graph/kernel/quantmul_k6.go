package kernel

// The products with Q6_K. The scales of the parts of 16 weights are small integers. So a weight times the scale of its part is an integer too,
// of 13 bits and a sign, and all parts share the scale of the block. The sum of 32 products with such integers is below 2²⁴, which a float32
// holds exactly.

const (
	scalesQ6K = 192 // of the parts begin here in a block
	scaleQ6K  = 208 // of the block
	bytesQ6K  = 210
)

func dotQ6K(o dotOperands) (sum float32) {
	var weights [256]int16
	for b, scale := range o.rounded.scales {
		w := o.w[b/partsK*bytesQ6K:][:bytesQ6K]
		if b%partsK == 0 {
			scaledQ6K(&weights, w)
		}
		var exact int32
		a := o.rounded.q[32*b:][:32]
		for i, v := range weights[b%partsK*32:][:32] {
			exact += int32(a[i]) * int32(v)
		}
		sum += float32(float32(exact) * float32(getF16(w[scaleQ6K:])*scale))
	}
	return sum
}

// scaledQ6K writes the weights of a block, times the scales of their parts.
func scaledQ6K(dst *[256]int16, w []byte) {
	for l := 0; l < len(dst); l += 16 {
		low, high, shift := place6(l)
		to, upper, scale := dst[l:][:16], w[high:][:16], int16(int8(w[scalesQ6K+l/16]))
		for i, v := range w[low:][:16] {
			q := int16(v>>(shift[0]&7)&15) | int16(upper[i]>>(shift[1]&7)&3)<<4
			to[i] = (q - 32) * scale
		}
	}
}

func widenFastQ6K(to wideColumns, w []byte) {
	widenQ6KAVX2(len(w)/bytesQ6K, &to.q[0], &to.scales[0], &w[0])
}

func widenSlowQ6K(to wideColumns, w []byte) {
	for p := range to.scales {
		block := w[p/partsK*bytesQ6K:][:bytesQ6K]
		if p%partsK == 0 {
			scaledQ6K((*[256]int16)(to.q[32*p:]), block)
		}
		to.scales[p] = getF16(block[scaleQ6K:])
	}
}
