package job

import (
	"fmt"
	"math"
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
)

// Learning holds the settings of AdamW with a warm-up and a cosine schedule.
type Learning struct {
	LR           float64  // highest learning rate
	MinLR        *float64 // learning rate at the end; nil means a tenth of LR
	Warmup       *int     // steps of linear warm-up; nil means 50, or a tenth of the steps if that is less
	Decay        float64  // weight decay of matrices
	Beta2        float64
	Clip         float64 // largest norm of the gradients; 0 means no limit
	MicroBatches int     // number of batches whose gradients make up a step; 0 means 1
	Seed         uint64  // seed of weights, dropout and order of the data
}

// Flags declares the flags of l. Their defaults are the values of l.
func (l *Learning) Flags(f FlagSet) {
	f.Float64Var(&l.LR, "lr", l.LR, "highest learning rate")
	f.Var(optional[float64]{&l.MinLR, parseFloat}, "min-lr", "learning rate at the end of the cosine, after the last step (default: a tenth of -lr)")
	f.Var(optional[int]{&l.Warmup, strconv.Atoi}, "warmup", "number of steps in which the learning rate rises to -lr (default: 50, or a tenth of -steps if that is less)")
	f.Float64Var(&l.Decay, "decay", l.Decay, "weight decay of matrices")
	f.Float64Var(&l.Beta2, "beta2", l.Beta2, "AdamW's second beta")
	f.Float64Var(&l.Clip, "clip", l.Clip, "largest norm of the gradients; 0 means no limit")
	f.IntVar(&l.MicroBatches, "micro-batches", max(l.MicroBatches, 1), "number of batches whose gradients make up a step")
	f.Uint64Var(&l.Seed, "seed", l.Seed, "seed of weights, dropout and order of the data")
}

// mostMicroBatches is the largest number of micro-batches. It limits the time of a step.
const mostMicroBatches = 1 << 16

// Check returns an error for the first setting that is invalid in a run of this many steps.
func (l *Learning) Check(steps int) error {
	low, warmup := l.low(), l.warmup(steps)
	for _, f := range []struct {
		name         string
		value, limit float64
	}{
		{"lr", l.LR, math.Inf(1)}, {"min-lr", low, math.Inf(1)}, {"decay", l.Decay, math.Inf(1)}, {"clip", l.Clip, math.Inf(1)}, {"beta2", l.Beta2, 1},
	} {
		if !(f.value >= 0 && f.value < f.limit) {
			return errors.Errorf("-%s is %g, want at least 0 and less than %g", f.name, f.value, f.limit)
		}
	}
	switch {
	case low > l.LR:
		return errors.Errorf("-min-lr is %g, want at most -lr, which is %g", low, l.LR)
	case warmup < 0:
		return errors.Errorf("-warmup is %d, want at least 0", warmup)
	case l.Warmup != nil && warmup >= steps:
		return errors.Errorf("-warmup is %d, want fewer than -steps, which is %d", warmup, steps)
	case l.MicroBatches < 0:
		return errors.Errorf("-micro-batches is %d, want at least 1", l.MicroBatches)
	case l.MicroBatches > mostMicroBatches:
		return errors.Errorf("-micro-batches is %d, want at most %d: a step must end", l.MicroBatches, mostMicroBatches)
	}
	return nil
}

func (l *Learning) low() float64 {
	if l.MinLR != nil {
		return *l.MinLR
	}
	return l.LR / 10
}

func (l *Learning) warmup(steps int) int {
	if l.Warmup != nil {
		return *l.Warmup
	}
	return min(50, steps/10)
}

// Rate returns the schedule of a run of this many steps.
func (l *Learning) Rate(steps int) train.Schedule {
	return train.Cosine(l.LR, l.low(), l.warmup(steps), steps)
}

// AdamW returns the optimizer.
func (l *Learning) AdamW() *train.AdamW {
	return &train.AdamW{Beta2: l.Beta2, WeightDecay: l.Decay}
}

// optional is a flag that may be unset. Its text is then "".
type optional[T int | float64] struct {
	at    **T
	parse func(string) (T, error)
}

// String implements flag.Value.
func (o optional[T]) String() string {
	if o.at == nil || *o.at == nil {
		return ""
	}
	return fmt.Sprint(**o.at)
}

// Get implements flag.Getter. An unset flag has the value 0.
func (o optional[T]) Get() any {
	var v T
	if o.at != nil && *o.at != nil {
		v = **o.at
	}
	return v
}

// Set implements flag.Value.
func (o optional[T]) Set(text string) error {
	v, err := o.parse(text)
	if err != nil {
		return errors.New("parse error")
	}
	*o.at = &v
	return nil
}

func parseFloat(text string) (float64, error) { return strconv.ParseFloat(text, 64) }
