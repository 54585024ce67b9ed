package layers

import (
	"math"

	"github.com/pkg/errors"
)

// RoPE describes rotary position embedding (Su et al. 2021, arXiv 2104.09864): the pair i of a head's channels rotates by the
// angle p·fᵢ at position p, where fᵢ = Theta^(−2i/Dim) before Scaling. In Positions, the zero value means no rotation.
type RoPE struct {
	Dim         int     // channels of a head that rotate, an even number; in Positions, 0 means all
	Theta       float64 // 0 means 10000
	Scaling     RoPEScaling
	Interleaved bool // pair i is channels 2i and 2i+1 of a head, as in Meta's files; otherwise i and i+Dim/2, as in Hugging Face's
}

// RoPEKind names a rule that changes the frequencies, so that a model reads longer texts than it was trained on.
type RoPEKind uint8

// The rules. RoPENTK scales the frequencies of every text, RoPEDynamic only of texts longer than Original.
const (
	RoPEPlain    RoPEKind = iota // no scaling
	RoPELinear                   // fᵢ/Factor (Chen et al. 2023, arXiv 2306.15595)
	RoPENTK                      // Theta·Factor^(Dim/(Dim−2))
	RoPEDynamic                  // Theta·(Factor·L/Original − Factor + 1)^(Dim/(Dim−2)), L = max(length, Original)
	RoPEYaRN                     // low frequencies as RoPELinear, high ones unchanged (Peng et al. 2023, arXiv 2309.00071)
	RoPELlama3                   // the same with limits on the wavelength (Grattafiori et al. 2024, arXiv 2407.21783)
	RoPELongRoPE                 // fᵢ divided by a list (Ding et al. 2024, arXiv 2402.13753)
)

var ropeKinds = [...]string{"plain", "linear", "ntk", "dynamic", "yarn", "llama3", "longrope"}

func (k RoPEKind) String() string {
	if int(k) < len(ropeKinds) {
		return ropeKinds[k]
	}
	return "unknown"
}

// RoPEScaling holds a rule and its numbers. The rules are those of Hugging Face's modeling_rope_utils.
type RoPEScaling struct {
	Kind     RoPEKind
	Factor   float64 // length of the longest text divided by Original; LongRoPE: 0 means 1
	Original int     // number of tokens of the training texts; RoPELinear and RoPENTK do not need it

	BetaFast, BetaSlow    float64 // YaRN: a pair that turns at least BetaFast times in Original tokens is unchanged, at most BetaSlow times is divided; 0 means 32 and 1
	NoTruncate            bool    // YaRN: do not round the limits of the two ranges to whole pairs
	MScale, MScaleAllDim  float64 // YaRN: the factor on cosines is g(MScale)/g(MScaleAllDim), g(k) = 0.1·k·ln Factor + 1; either 0 means g(1)
	LowFactor, HighFactor float64 // Llama3: a wavelength over Original/LowFactor is divided, below Original/HighFactor unchanged; 0 means 1 and 4
	AttentionFactor       float64 // YaRN, LongRoPE: the factor on cosines and sines; 0 means the rule's
	Short, Long           Factors // LongRoPE: divisors of the frequencies, up to Original tokens and above
}

// Frequencies returns the angle per position of each pair, and the factor on all cosines and sines, for texts of length tokens.
// RoPEDynamic and RoPELongRoPE depend on length; see [Positions] for the length of a cache.
func (r RoPE) Frequencies(length int) ([]float64, float64, error) {
	r.Theta = usual(r.Theta, 10000)
	if err := r.check(); err != nil {
		return nil, 0, errors.WithMessagef(err, "rope: %v", r.Scaling.Kind)
	}
	k := &r.Scaling
	switch stretch := float64(r.Dim) / float64(r.Dim-2); k.Kind {
	case RoPELinear:
		return r.divided(func(int, float64) float64 { return k.Factor }), 1, nil
	case RoPENTK:
		r.Theta *= math.Pow(k.Factor, stretch)
	case RoPEDynamic:
		n := float64(max(length, k.Original)) / float64(k.Original)
		r.Theta *= math.Pow(k.Factor*n-(k.Factor-1), stretch)
	case RoPEYaRN:
		return r.yarn(), k.yarnFactor(), nil
	case RoPELlama3:
		return r.divided(r.llama3), 1, nil
	case RoPELongRoPE:
		return r.longRoPE(length)
	}
	return r.divided(func(int, float64) float64 { return 1 }), 1, nil
}

// maxRoPE bounds the channels of a head, so that a mistake such as a width in bytes is an error and no wait.
const maxRoPE = 1 << 16

func (r RoPE) check() error {
	k := r.Scaling
	positive := func(v float64) bool { return v > 0 && !math.IsInf(v, 0) } // false for NaN
	switch {
	case int(k.Kind) >= len(ropeKinds):
		return errors.Errorf("kind %d: want one of %v", k.Kind, ropeKinds)
	case r.Dim <= 0 || r.Dim%2 != 0:
		return errors.Errorf("%d channels: want a positive even number", r.Dim)
	case r.Dim > maxRoPE:
		return errors.Errorf("%d channels: want at most %d", r.Dim, maxRoPE)
	case !positive(r.Theta):
		return errors.Errorf("theta %g: want a positive number", r.Theta)
	case k.Kind != RoPEPlain && !positive(k.Factor) && (k.Kind != RoPELongRoPE || k.Factor != 0):
		return errors.Errorf("factor %g: want a positive number", k.Factor)
	case k.Kind >= RoPEDynamic && k.Original <= 0:
		return errors.Errorf("original length %d: want the positive number of tokens that the model was trained on", k.Original)
	case (k.Kind == RoPENTK || k.Kind == RoPEDynamic) && r.Dim == 2:
		return errors.New("2 channels: want at least 4")
	case k.Kind == RoPEYaRN && !(r.Theta > 1):
		return errors.Errorf("theta %g: want a number above 1", r.Theta)
	case k.Kind == RoPELlama3 && !(k.low() > 0 && k.high() > k.low()):
		return errors.Errorf("low factor %g and high factor %g: want 0 < low < high", k.low(), k.high())
	}
	for _, v := range []float64{k.BetaFast, k.BetaSlow, k.AttentionFactor} {
		if v != 0 && !positive(v) {
			return errors.Errorf("beta fast %g, beta slow %g, attention factor %g: want positive numbers, or 0 for the usual ones", k.BetaFast, k.BetaSlow, k.AttentionFactor)
		}
	}
	return nil
}

// usual returns v, or the default if v is 0.
func usual(v, otherwise float64) float64 {
	if v == 0 {
		return otherwise
	}
	return v
}

func (k RoPEScaling) low() float64  { return usual(k.LowFactor, 1) }
func (k RoPEScaling) high() float64 { return usual(k.HighFactor, 4) }

// divided returns the frequencies, each divided by by(i, fᵢ).
func (r RoPE) divided(by func(i int, f float64) float64) []float64 {
	f := make([]float64, r.Dim/2)
	for i := range f {
		f[i] = math.Pow(r.Theta, -2*float64(i)/float64(r.Dim))
		f[i] /= by(i, f[i])
	}
	return f
}

// yarn mixes fᵢ/Factor and fᵢ. The share of the first grows linearly between two pairs, which make BetaFast and BetaSlow turns
// within Original tokens.
func (r RoPE) yarn() []float64 {
	k, pairs := r.Scaling, float64(r.Dim)
	pair := func(turns float64) float64 {
		return pairs * math.Log(float64(k.Original)/(2*math.Pi*turns)) / (2 * math.Log(r.Theta))
	}
	lo, hi := pair(usual(k.BetaFast, 32)), pair(usual(k.BetaSlow, 1))
	if !k.NoTruncate {
		lo, hi = math.Floor(lo), math.Ceil(hi)
	}
	lo, hi = max(lo, 0), min(hi, pairs-1)
	if lo == hi {
		hi += 0.001
	}
	return r.divided(func(i int, _ float64) float64 {
		share := min(max((float64(i)-lo)/(hi-lo), 0), 1)
		return 1 / (share/k.Factor + 1 - share)
	})
}

// yarnFactor returns YaRN's factor on cosines and sines.
func (k RoPEScaling) yarnFactor() float64 {
	g := func(scale float64) float64 {
		if k.Factor <= 1 {
			return 1
		}
		return 0.1*scale*math.Log(k.Factor) + 1
	}
	switch {
	case k.AttentionFactor != 0:
		return k.AttentionFactor
	case k.MScale != 0 && k.MScaleAllDim != 0:
		return g(k.MScale) / g(k.MScaleAllDim)
	}
	return g(1)
}

// llama3 returns the divisor of a frequency: 1 for short waves, Factor for long ones, and a mixture between.
func (r RoPE) llama3(_ int, f float64) float64 {
	k := r.Scaling
	low, high := k.low(), k.high()
	switch waves := float64(k.Original) * f / (2 * math.Pi); {
	case waves > high:
		return 1
	case waves < low:
		return k.Factor
	default:
		share := (waves - low) / (high - low)
		return 1 / ((1-share)/k.Factor + share)
	}
}

func (r RoPE) longRoPE(length int) ([]float64, float64, error) {
	k := r.Scaling
	list, name := k.Short, "short"
	if length > k.Original {
		list, name = k.Long, "long"
	}
	by, err := list.Values()
	if err != nil {
		return nil, 0, errors.WithMessagef(err, "rope: longrope: %s list", name)
	}
	if len(by) != r.Dim/2 {
		return nil, 0, errors.Errorf("rope: longrope: %d %s factors for %d channels: want %d", len(by), name, r.Dim, r.Dim/2)
	}
	for i, v := range by {
		if !(v > 0) || math.IsInf(v, 0) {
			return nil, 0, errors.Errorf("rope: longrope: %s factor %d is %g: want a positive number", name, i, v)
		}
	}
	factor := usual(k.AttentionFactor, 1)
	if k.AttentionFactor == 0 && k.Factor > 1 {
		factor = math.Sqrt(1 + math.Log(k.Factor)/math.Log(float64(k.Original)))
	}
	return r.divided(func(i int, _ float64) float64 { return by[i] }), factor, nil
}
