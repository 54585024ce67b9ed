package train

import "math"

// Schedule returns the learning rate of a step. Steps count from 0: the first update of a run has the rate of step 0.
type Schedule func(step int) float64

// Constant returns a Schedule with the same rate at every step.
func Constant(rate float64) Schedule {
	return func(int) float64 { return rate }
}

// Linear returns a Schedule that warms up and then falls in a straight line from high at step warmup to low at step steps. After
// that it stays low. During warm-up, step i has the rate high·(i+1)/(warmup+1), which is above 0 at step 0.
func Linear(high, low float64, warmup, steps int) Schedule {
	return decay(high, warmup, steps, func(done float64) float64 { return high + (low-high)*done })
}

// Cosine returns a Schedule that warms up and then falls by half a cosine wave from high at step warmup to low at step steps. After
// that it stays low (Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983; nanoGPT has the same). During warm-up, step i has
// the rate high·(i+1)/(warmup+1), which is above 0 at step 0.
func Cosine(high, low float64, warmup, steps int) Schedule {
	return decay(high, warmup, steps, func(done float64) float64 {
		return low + (high-low)*(1+math.Cos(math.Pi*done))/2
	})
}

// decay returns a warm-up to high, followed by rate(done), where done is the fraction of the steps after the warm-up that are done.
func decay(high float64, warmup, steps int, rate func(done float64) float64) Schedule {
	return func(step int) float64 {
		switch {
		case step < warmup:
			return high * float64(step+1) / float64(warmup+1)
		case step >= steps:
			return rate(1)
		}
		return rate(float64(step-warmup) / float64(steps-warmup))
	}
}

// Noam returns the schedule of "Attention Is All You Need" (Vaswani et al. 2017, section 5.3), with s = step+1:
//
//	factor · dim^-½ · min(s^-½, s · warmup^-1.5)
//
// It is highest at step warmup-1. A warmup below 1 counts as 1.
func Noam(dim int, factor float64, warmup int) Schedule {
	w := float64(max(warmup, 1))
	return func(step int) float64 {
		s := float64(step + 1)
		return factor / math.Sqrt(float64(dim)) * min(1/math.Sqrt(s), s*math.Pow(w, -1.5))
	}
}
