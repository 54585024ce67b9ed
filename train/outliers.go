package train

import "math"

// Norms holds the norms of the gradients of the last steps, by which a Trainer finds outliers.
type Norms struct {
	Last []float64 `json:"last"` // oldest first, at most 128
}

const (
	normWindow = 128
	leastNorms = normWindow / 2 // fewer norms tell too little
)

// outlier records the norm of the gradients of a step and reports whether its z-score among the norms of the steps before is above
// Skip. The norms of skipped steps count, too, so that a lasting change is accepted.
func (tr *Trainer) outlier(norm float64) bool {
	if tr.Skip == 0 {
		return false
	}
	if tr.Norms == nil {
		tr.Norms = &Norms{Last: make([]float64, 0, normWindow)}
	}
	mean, deviation := meanDeviation(tr.Norms.Last)
	out := len(tr.Norms.Last) >= leastNorms && norm-mean > tr.Skip*deviation
	tr.Norms.add(norm)
	return out
}

func (n *Norms) add(norm float64) {
	if len(n.Last) < normWindow {
		n.Last = append(n.Last, norm)
		return
	}
	copy(n.Last, n.Last[len(n.Last)-normWindow+1:])
	n.Last = append(n.Last[:normWindow-1], norm)
}

// meanDeviation returns the mean and the standard deviation of numbers.
func meanDeviation(x []float64) (mean, deviation float64) {
	for _, v := range x {
		mean += v
	}
	mean /= float64(max(1, len(x)))
	for _, v := range x {
		deviation += (v - mean) * (v - mean)
	}
	return mean, math.Sqrt(deviation / float64(max(1, len(x)-1)))
}
