package kernel

import "math"

// The blocks of 256 weights. Their parts, of 32 or 16 weights, have scales of few bits, which are multiples of the
// block's scale. A search chooses each part's scale, and minimum, with the least weighted error: it tries several
// roundings and solves for the best scale of each.

// tiny is the magnitude below which a part is stored as zeros.
const tiny = 1e-15

// nearest rounds to the nearest integer, ties to even.
func nearest(x float32) int { return int(math.RoundToEven(float64(x))) }

func clamp(q, least, most int) int { return max(least, min(q, most)) }

// fitting is a search for the scale and the minimum of a part.
type fitting struct {
	x, weights []float32
	most       int     // largest stored number
	first      float32 // of the corrections of most that are tried, 0.1 apart
	steps      int
}

// fit returns the numbers q from 0 to most, a scale and a minimum, so that x is near scale·q − minimum.
func (f *fitting) fit() (q [32]int, scale, minimum float32) {
	least, most := bounds(f.x)
	least = min(least, 0)
	if most == least {
		return q, 0, -least
	}
	var sumW, sumX float32
	for i, w := range f.weights {
		sumW += w
		sumX += float32(w * f.x[i])
	}
	inverse := float32(f.most) / (most - least)
	scale = 1 / inverse
	q = f.round(inverse, least)
	best := f.miss(&q, scale, least)
	for step := range f.steps + 1 {
		inverse := (f.first + float32(0.1*float32(step)) + float32(f.most)) / (most - least)
		next := f.round(inverse, least)
		s, m, ok := f.solve(&next, sumW, sumX)
		if !ok {
			continue
		}
		if miss := f.miss(&next, s, m); miss < best {
			best, q, scale, least = miss, next, s, m
		}
	}
	return q, scale, -least
}

// round returns the numbers for a scale 1/inverse.
func (f *fitting) round(inverse, least float32) (q [32]int) {
	for i, v := range f.x {
		q[i] = clamp(nearest(inverse*(v-least)), 0, f.most)
	}
	return q
}

// miss returns the weighted squared error.
func (f *fitting) miss(q *[32]int, scale, least float32) (sum float32) {
	for i, v := range f.x {
		d := float32(scale*float32(q[i])) + least - v
		sum += float32(f.weights[i] * float32(d*d))
	}
	return sum
}

// solve returns the scale and the least value with the smallest weighted error for the numbers q. ok is false if they are all
// equal.
func (f *fitting) solve(q *[32]int, sumW, sumX float32) (scale, least float32, ok bool) {
	var sumL, sumL2, sumXL float32
	for i, v := range f.x {
		l, w := float32(q[i]), f.weights[i]
		wl := w * l
		sumL += wl
		sumL2 += float32(wl * l)
		sumXL += float32(wl * v)
	}
	det := float32(sumW*sumL2) - float32(sumL*sumL)
	if det <= 0 {
		return 0, 0, false
	}
	scale = (float32(sumW*sumXL) - float32(sumX*sumL)) / det
	least = (float32(sumL2*sumX) - float32(sumL*sumXL)) / det
	if least > 0 {
		least, scale = 0, sumXL/sumL2
	}
	return scale, least, true
}

// packQ4K stores scale and minimum, 12 bytes of scales and minima of 6 bits, and the weights.
func packQ4K(dst []byte, x []float32) {
	q := packParts(dst, x, fitting{most: 15, first: -1, steps: 20})
	for n := 0; n < 256; n += 64 {
		for l := range 32 {
			dst[16+n/2+l] = byte(q[n+l] | q[n+l+32]<<4)
		}
	}
}

// packQ5K stores as packQ4K, with 32 bytes of fifth bits before the weights.
func packQ5K(dst []byte, x []float32) {
	q := packParts(dst, x, fitting{most: 31, first: -0.5, steps: 15})
	high := dst[16:48]
	clear(high)
	for n := 0; n < 256; n += 64 {
		for l := range 32 {
			a, b := q[n+l], q[n+l+32]
			dst[48+n/2+l] = byte(a&15 | b&15<<4)
			high[l] |= byte(a>>4<<(n/32) | b>>4<<(n/32+1))
		}
	}
}

// packParts stores the scales and minima of eight parts and returns the numbers of the weights.
func packParts(dst []byte, x []float32, f fitting) (q [256]int) {
	var weights [32]float32
	var scales, minima [8]float32
	var maxScale, maxMin float32
	f.weights = weights[:]
	for j := range 8 {
		f.x = x[32*j:][:32]
		var squares float32
		for _, v := range f.x {
			squares += float32(v * v)
		}
		mean := float32(math.Sqrt(float64(squares / 32)))
		for l, v := range f.x {
			weights[l] = mean + abs32(v)
		}
		var part [32]int
		part, scales[j], minima[j] = f.fit()
		copy(q[32*j:], part[:])
		maxScale, maxMin = max(maxScale, scales[j]), max(maxMin, minima[j])
	}
	packScales(dst, &scales, &minima, maxScale, maxMin)
	d, dmin := getF16(dst), getF16(dst[2:])
	for j := range 8 {
		s, m := scaleOf(dst[4:16], j)
		scale, least := d*float32(s), dmin*float32(m)
		if scale == 0 {
			continue
		}
		for l := range 32 {
			q[32*j+l] = clamp(nearest((x[32*j+l]+least)/scale), 0, f.most)
		}
	}
	return q
}

// packScales stores the scales of the block and, in 6 bits, those of its parts.
func packScales(dst []byte, scales, minima *[8]float32, maxScale, maxMin float32) {
	var toScale, toMin float32
	if maxScale > 0 {
		toScale = 63 / maxScale
	}
	if maxMin > 0 {
		toMin = 63 / maxMin
	}
	putF16(dst, maxScale/63)
	putF16(dst[2:], maxMin/63)
	to := dst[4:16]
	clear(to)
	for j := range 8 {
		s, m := byte(min(63, nearest(toScale*scales[j]))), byte(min(63, nearest(toMin*minima[j])))
		if j < 4 {
			to[j], to[j+4] = s, m
			continue
		}
		to[j+4] = s&15 | m&15<<4
		to[j-4] |= s >> 4 << 6
		to[j] |= m >> 4 << 6
	}
}

// scaleOf returns the scale and the minimum of part j.
func scaleOf(src []byte, j int) (scale, minimum byte) {
	if j < 4 {
		return src[j] & 63, src[j+4] & 63
	}
	return src[j+4]&15 | src[j-4]>>6<<4, src[j+4]>>4 | src[j]>>6<<4
}

func unpackQ4K(x []float32, src []byte) { unpackParts(x, src, src[16:], nil) }

func unpackQ5K(x []float32, src []byte) { unpackParts(x, src, src[48:], src[16:48]) }

// unpackParts restores weights from their lower bits and, unless high is nil, their fifth bits.
func unpackParts(x []float32, src, low, high []byte) {
	d, dmin := getF16(src), getF16(src[2:])
	for j := range 8 {
		s, m := scaleOf(src[4:16], j)
		scale, least := d*float32(s), dmin*float32(m)
		for l := range 32 {
			q := int(low[j/2*32+l] >> (j % 2 * 4) & 15)
			if high != nil {
				q |= int(high[l]>>j&1) << 4
			}
			x[32*j+l] = float32(scale*float32(q)) - least
		}
	}
}
