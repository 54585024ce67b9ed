package generate

import "math"

const (
	binsPerUnit = 32   // of an exponent
	maxBins     = 1024 // exponents below -32 share the last one: a token of it is one in 10¹⁴
	manyWeights = 2048 // from which bins are worth their sums
)

// weights are the candidates for one choice. Many candidates are in bins of like weight, so that only one bin must be put in order.
type weights struct {
	all   []candidate
	total float64
	bins  []uint16 // of each candidate
	mass  [maxBins]float64
	room  []candidate
}

// set turns scores into weights, those of the best being 1, and drops candidates without any.
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

// at returns the candidate with which the weights of the best sum to mass, and the sum.
func (w *weights) at(mass float64) (last candidate, sum float64) {
	if len(w.all) < manyWeights { // the order of bins is of no use any more
		n, sum := heaviest(w.all, mass)
		return w.all[n-1], sum
	}
	bin := 0
	for ; bin < maxBins-1 && sum+w.mass[bin] < mass; bin++ {
		sum += w.mass[bin]
	}
	for w.mass[bin] == 0 { // mass is the total, but for rounding
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

// atLeast is the sum of the weights of at least least.
func (w *weights) atLeast(least float64) (sum float64) {
	for _, c := range w.all {
		if c.p >= least {
			sum += c.p
		}
	}
	return sum
}
