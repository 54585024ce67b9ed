package job

import (
	"math"
	"strconv"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
)

// Learning holds the settings of the optimizer and its learning rate.
type Learning struct {
	Optimizer string   // name in Optimizers; "" means adamw
	LR        float64  // highest learning rate
	MuonLR    float64  // highest learning rate of the hidden matrices with muon; 0 means 0.02
	Schedule  Schedule // of the learning rate; "" means cosine, and constant with schedule-free
	MinLR     *float64 // learning rate at the end; nil means a tenth of LR
	Warmup    *int     // steps of linear warm-up; nil means 50, or a tenth of the steps if that is less
	Momentum  *float64 // of sgd and muon; nil means 0.9 and 0.95
	Decay     float64  // weight decay of matrices
	Beta2     float64  // second beta; 0 means the optimizer's own
	Groups    Groups   // weights with a rate or a decay of their own, or frozen
	EMA       float64  // decay of the average of the weights that is evaluated and saved; 0 means no average

	Clip         float64 // largest norm of the gradients; 0 means no limit
	SkipOutliers float64 // largest z-score of the norm of the gradients; 0 means no limit
	MicroBatches int     // number of batches whose gradients make up a step; 0 means 1
	Seed         uint64  // seed of weights, dropout and order of the data

	usual struct{ beta2, muonLR float64 } // of the program
}

// Flags declares the flags of l. Their defaults are the values of l.
func (l *Learning) Flags(f FlagSet) {
	l.usual.beta2, l.usual.muonLR = l.Beta2, muonRate(l.MuonLR)
	f.StringVar(&l.Optimizer, "optimizer", named(l.Optimizer, "adamw"), "`name` of the optimizer: "+listed(Optimizers()))
	f.Float64Var(&l.LR, "lr", l.LR, "highest learning rate")
	f.Float64Var(&l.MuonLR, "muon-lr", muonRate(l.MuonLR), "highest learning rate of the hidden matrices with muon, which updates the other weights by AdamW at -lr")
	f.Var(&l.Schedule, "schedule", scheduleHelp)
	f.Var(optional[float64]{&l.MinLR, parseFloat}, "min-lr", "learning rate at the end of a falling schedule, after the last step (default: a tenth of -lr)")
	f.Var(optional[int]{&l.Warmup, strconv.Atoi}, "warmup", "number of steps in which the learning rate rises to -lr (default: 50, or a tenth of -steps if that is less)")
	f.Var(optional[float64]{&l.Momentum, parseFloat}, "momentum", "momentum of sgd and muon (default: 0.9 and 0.95)")
	f.Float64Var(&l.Decay, "decay", l.Decay, "weight decay of matrices")
	f.Float64Var(&l.Beta2, "beta2", l.Beta2, "second beta of the optimizer, if it has one; 0 means its usual value")
	f.Var(&l.Groups, "group", groupHelp)
	f.Float64Var(&l.EMA, "ema", l.EMA, "decay of an exponential moving average of the weights, which is evaluated and saved, such as 0.999; 0 means no average")
	f.Float64Var(&l.Clip, "clip", l.Clip, "largest norm of the gradients; 0 means no limit")
	f.Float64Var(&l.SkipOutliers, "skip-outliers", l.SkipOutliers, "skip steps whose norm of the gradients is more than this number of standard deviations above the mean of the last 128, such as 6; 0 skips none")
	f.IntVar(&l.MicroBatches, "micro-batches", max(l.MicroBatches, 1), "number of batches whose gradients make up a step")
	f.Uint64Var(&l.Seed, "seed", l.Seed, "seed of weights, dropout and order of the data")
}

// mostMicroBatches is the largest number of micro-batches. It limits the time of a step.
const mostMicroBatches = 1 << 16

// Check returns an error for the first setting that is invalid in a run of this many steps.
func (l *Learning) Check(steps int) error {
	low, warmup, momentum := l.low(), l.warmup(steps), 0.0
	if l.Momentum != nil {
		momentum = *l.Momentum
	}
	for _, f := range []struct {
		name         string
		value, limit float64
	}{
		{"lr", l.LR, math.Inf(1)}, {"min-lr", low, math.Inf(1)}, {"decay", l.Decay, math.Inf(1)}, {"clip", l.Clip, math.Inf(1)}, {"beta2", l.Beta2, 1},
		{"muon-lr", l.MuonLR, math.Inf(1)}, {"momentum", momentum, 1}, {"ema", l.EMA, 1}, {"skip-outliers", l.SkipOutliers, math.Inf(1)},
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
	if err := l.checkOptimizer(); err != nil {
		return err
	}
	return l.checkUnused()
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

// Params makes the weights of a model of float32, without the weights that -group freezes.
func (l *Learning) Params() *graph.Params {
	p := graph.NewParams(tensor.Float32, l.Seed)
	for _, g := range l.Groups {
		if g.Frozen {
			p.Freeze(g.Pattern)
		}
	}
	return p
}

// Trainer returns a Trainer of a Program over Params, for a run of this many steps.
func (l *Learning) Trainer(step *graph.Program, steps int) (*train.Trainer, error) {
	if err := l.Groups.check(step); err != nil {
		return nil, err
	}
	tr := &train.Trainer{
		Program: step, Optimizer: l.optimizer(), Clip: l.Clip, Skip: l.SkipOutliers, Until: steps, MicroBatches: l.MicroBatches,
	}
	var err error
	tr.Rate, tr.Plateau, err = l.Rate(steps)
	return tr, err
}
