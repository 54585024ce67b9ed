package train

import "math"

// WSD returns a Schedule that warms up, stays at high and falls to low over the last fall steps, by the square root of their share
// that is done (Hägele et al. 2024, "Scaling Laws and Compute-Optimal Training Beyond Fixed Training Durations",
// https://arxiv.org/abs/2405.18392). Warm-up is as in Cosine.
func WSD(high, low float64, warmup, fall, steps int) Schedule {
	return decay(high, warmup, steps, func(done float64) float64 {
		begin := 1 - float64(fall)/float64(max(1, steps-warmup))
		if done <= begin {
			return high
		}
		return low + (high-low)*(1-math.Sqrt(min(1, (done-begin)/(1-begin))))
	})
}

// OneCycle returns the schedule of torch.optim.lr_scheduler.OneCycleLR (Smith and Topin 2018, https://arxiv.org/abs/1708.07120): half a
// cosine wave from high/25 to high in the first fraction rise of the steps, and another to high/250,000 at the last.
func OneCycle(high, rise float64, steps int) Schedule {
	first := high / 25
	top := rise*float64(steps) - 1
	return func(step int) float64 {
		at := float64(min(step, steps-1))
		if at <= top {
			return wave(first, high, at/max(top, 1))
		}
		return wave(high, first/1e4, (at-top)/(float64(steps-1)-top))
	}
}

// wave goes from one rate to another by half a cosine wave.
func wave(from, to, done float64) float64 { return to + (from-to)*(1+math.Cos(math.Pi*done))/2 }

// InverseSqrt returns a Schedule that warms up to high and then falls with the inverse square root of the step, high·√(warmup/step).
// Warm-up is as in Cosine. A warmup below 1 counts as 1.
func InverseSqrt(high float64, warmup int) Schedule {
	w := max(warmup, 1)
	return func(step int) float64 {
		if step < warmup {
			return high * float64(step+1) / float64(warmup+1)
		}
		return high * math.Sqrt(float64(w)/float64(max(step, w)))
	}
}

// Step returns a Schedule that warms up to high and multiplies the rate by factor after every so many steps, as
// torch.optim.lr_scheduler.StepLR does. Warm-up is as in Cosine.
func Step(high, factor float64, warmup, every int) Schedule {
	return func(step int) float64 {
		if step < warmup {
			return high * float64(step+1) / float64(warmup+1)
		}
		return high * math.Pow(factor, float64((step-warmup)/max(every, 1)))
	}
}

// Restarts returns a Schedule that warms up to high and then falls to low by half a cosine wave again and again, as
// torch.optim.lr_scheduler.CosineAnnealingWarmRestarts does. The first wave has first steps, and each has mult times the steps of the
// wave before. Warm-up is as in Cosine.
func Restarts(high, low float64, warmup, first, mult int) Schedule {
	return func(step int) float64 {
		if step < warmup {
			return high * float64(step+1) / float64(warmup+1)
		}
		at, length := step-warmup, max(first, 1)
		for at >= length {
			at -= length
			length *= max(mult, 1)
		}
		return wave(high, low, float64(at)/float64(length))
	}
}
