package kernel

import "math"

func (a *Attention[T]) biasReach() int {
	if a.B == 0 || a.H == 0 {
		return 0
	}
	return (a.B-1)*a.BiasBatch + (a.H-1)*a.BiasHead + a.Tq*a.Tk
}

// distances returns the number of distances between a query and a key.
func (a *Attention[T]) distances() int { return max(a.Tq+a.Tk-1, 0) }

func (a *Attention[T]) distanceReach() int {
	if a.H == 0 {
		return 0
	}
	return (a.H-1)*a.DistanceHead + a.distances()
}

// biasAt returns the index in Bias of key j of a query.
func (a *Attention[T]) biasAt(b, h, i, j int) int { return b*a.BiasBatch + h*a.BiasHead + i*a.Tk + j }

// distanceAt returns the index of key j of a query in the row of Distance.
func (a *Attention[T]) distanceAt(b, i, j int) int { return j - a.position(b, i) + a.Tk - 1 }

// biases returns the elements of Bias and Distance for the keys of s that a query sees.
func (a *Attention[T]) biases(b, h, i int, s span) (bias, distance []T) {
	if a.Bias != nil {
		bias = a.Bias[a.biasAt(b, h, i, s.lo):][:s.hi-s.lo]
	}
	if a.Distance != nil && s.lo < s.hi {
		row := a.Distance[h*a.DistanceHead:][:a.distances()]
		distance = row[a.distanceAt(b, i, s.lo):a.distanceAt(b, i, s.hi)]
	}
	return bias, distance
}

// maxOffset bounds the offsets of biases. Larger biases stand for -Inf: they absorb the scores, as in any sum of floats.
const maxOffset = 1 << 40

// offset returns the largest bias of a query that sees the keys of s. The softmax does not depend on it, so scores are
// computed without it. Added to a large bias, they would lose their digits. Two biases are added in float64 for the same
// reason.
func (a *Attention[T]) offset(b, h, i int, s span) float64 {
	bias, distance := a.biases(b, h, i, s)
	var top float64
	switch {
	case bias != nil && distance != nil:
		top = largestSum(bias, distance)
	case bias != nil:
		top = float64(largest(bias))
	case distance != nil:
		top = float64(largest(distance))
	}
	if !(top > -maxOffset && top < maxOffset) { // also true for NaN
		return 0
	}
	return top
}

// largestSum returns the maximum of xᵢ + yᵢ: NaN if one of the sums is NaN.
func largestSum[T Float](x, y []T) float64 {
	top := math.Inf(-1)
	for i, v := range x {
		top = max(top, float64(v)+float64(y[i]))
	}
	return top
}

// addBias adds the biases of the keys of s, minus the query's offset, to their scores.
func (a *Attention[T]) addBias(scores []T, b, h, i int, s span, offset float64) {
	bias, distance := a.biases(b, h, i, s)
	switch {
	case bias != nil && distance != nil:
		for k, v := range bias {
			scores[k] += T(float64(v) + float64(distance[k]) - offset)
		}
	case bias != nil:
		addShifted(scores, bias, T(offset))
	case distance != nil:
		addShifted(scores, distance, T(offset))
	}
}

// addShifted computes y += x - a.
func addShifted[T Float](y, x []T, a T) {
	y = y[:len(x)]
	if fast[T]() {
		addShiftedRowAsm(len(x), first(y), first(x), float32(a))
		return
	}
	for i, v := range x {
		y[i] += v - a
	}
}

// capScores applies Softcap to scores. It overwrites scratch of the same length.
func (a *Attention[T]) capScores(scores, scratch []T) {
	if a.Softcap > 0 {
		softcap(scores, scratch[:len(scores)], T(a.Softcap))
	}
}

// softcap computes s = c·tanh(s/c) and the slope 1 - tanh²(s/c).
func softcap[T Float](s, slope []T, c T) {
	inverse := 1 / c
	if fast[T]() {
		softcapRowAsm(len(s), first(s), first(slope), first(s), float32(c), float32(inverse))
		return
	}
	for i, v := range s {
		t := tanh(v * inverse)
		s[i], slope[i] = c*t, 1-t*t
	}
}
