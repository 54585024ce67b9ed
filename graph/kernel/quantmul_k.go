package kernel

// The products with Q4_K. A weight is its number times a scale less a minimum. Both belong to a part of 32 weights, like a block of the
// rounded row. So the product of a part is the exact sum of numbers times the scales, less the minimum times the total of the row.

const (
	partsK   = 8   // in a block
	bytesQ4K = 144 // of a block
)

func dotQ4K(o dotOperands) (sum float32) {
	var scales, minima [partsK]float32
	for b := 0; b < len(o.rounded.scales); b += partsK {
		w := o.w[b/partsK*bytesQ4K:][:bytesQ4K]
		partScales(&scales, &minima, w)
		for j := range partsK {
			a, scale := o.rounded.q[32*(b+j):][:32], o.rounded.scales[b+j]
			var exact int32
			for i, v := range w[16+j/2*32:][:32] {
				exact += int32(a[i]) * int32(v>>(j%2*4)&15)
			}
			sum -= float32(float32(float32(o.rounded.totals[b+j])*scale) * minima[j])
			sum += float32(float32(exact) * float32(scales[j]*scale))
		}
	}
	return sum
}

// partScales computes the scales and the minima of a block.
func partScales(scales, minima *[partsK]float32, w []byte) {
	d, least := getF16(w), getF16(w[2:])
	for j := range scales {
		s, m := scaleOf(w[4:16], j)
		scales[j], minima[j] = d*float32(s), least*float32(m)
	}
}

// widenPartsQ4K writes the scales and the minima of blocks.
func widenPartsQ4K(scales, minima []float32, w []byte) {
	for b := 0; b < len(scales); b += partsK {
		partScales((*[partsK]float32)(scales[b:]), (*[partsK]float32)(minima[b:]), w[b/partsK*bytesQ4K:])
	}
}

func widenFastQ4K(to wideColumns, w []byte) {
	widenQ4KAVX2(len(w)/bytesQ4K, &to.q[0], &w[0])
	widenPartsQ4K(to.scales, to.minima, w)
}

func widenSlowQ4K(to wideColumns, w []byte) {
	for p := range to.scales {
		block := w[p/partsK*bytesQ4K:]
		j := p % partsK
		for i, v := range block[16+j/2*32:][:32] {
			to.q[32*p+i] = int16(v >> (j % 2 * 4) & 15)
		}
	}
	widenPartsQ4K(to.scales, to.minima, w)
}
