package generate

import "math"

const (
	binsPerUnit = 32   // bins per unit of the exponent
	maxBins     = 1024 // exponents below -32 share the last bin: such a token is 10¹⁴ times less likely than the best
	manyWeights = 2048 // number of candidates from which bins are faster
)

// weights holds the candidates for one choice. Many candidates are grouped in bins of similar weight, so that only one bin is sorted.
type weights struct {
	all   []candidate
	total float64
	bins  []uint16 // of each candidate
	mass  [maxBins]float64
	room  []candidate
}

// set turns scores into weights relative to the best, whose weight is 1, and drops candidates of weight 0.
func (w *weights) set(scores []candidate, most, temperature float64) {
	w.all, w.total, w.bins = scores[:0], 0, w.bins[:0]
	clear(w.mass[:])
	for _, c := range scores {
		x := (most - c.p) / temperature
		if c.p = math.Exp(-x); c.p == 0 {
			continue
		}
		bin := min(int(x*binsPerUnit), maxBins-1)
		w.mass[bin] += c.p
		w.bins = append(w.bins, uint16(bin))
		w.all = append(w.all, c)
	}
	for _, m := range w.mass {
		w.total += m
	}
}

// at sums the weights, best first, and returns the candidate at which the sum reaches mass, and the sum.
func (w *weights) at(mass float64) (last candidate, sum float64) {
	if len(w.all) < manyWeights { // reorders w.all, so that w.bins no longer match
		n, sum := heaviest(w.all, mass)
		return w.all[n-1], sum
	}
	bin := 0
	for ; bin < maxBins-1 && sum+w.mass[bin] < mass; bin++ {
		sum += w.mass[bin]
	}
	for w.mass[bin] == 0 { // rounding: mass is the total, and the last bins are empty
		bin--
		sum -= w.mass[bin]
	}
	w.room = w.room[:0]
	for i, b := range w.bins {
		if int(b) == bin {
			w.room = append(w.room, w.all[i])
		}
	}
	n, more := heaviest(w.room, mass-sum)
	return w.room[n-1], sum + more
}

// atLeast returns the sum of all weights of at least bound.
func (w *weights) atLeast(bound float64) (sum float64) {
	for _, c := range w.all {
		if c.p >= bound {
			sum += c.p
		}
	}
	return sum
}
