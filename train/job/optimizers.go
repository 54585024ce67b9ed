package job

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
)

// Optimizers returns the names of the optimizers of -optimizer.
func Optimizers() []string {
	return []string{"adamw", "muon", "lion", "adafactor", "schedule-free", "lamb", "sgd"}
}

// stateful is an optimizer whose state a run saves.
type stateful interface {
	train.Optimizer
	train.Stateful
}

func (l *Learning) checkOptimizer() error {
	name := named(l.Optimizer, "adamw")
	if !slices.Contains(Optimizers(), name) {
		return errors.Errorf("-optimizer is %q%s: want %s", name, Suggest(name, Optimizers(), ""), listed(Optimizers()))
	}
	switch {
	case name == "muon" && (l.LR == 0 || muonRate(l.MuonLR) == 0):
		return errors.Errorf("-lr is %g and -muon-lr %g, want both above 0 with -optimizer muon", l.LR, l.MuonLR)
	case name == "schedule-free" && l.EMA > 0:
		return errors.Errorf("-ema is %g, want 0 with -optimizer schedule-free, which keeps an average itself", l.EMA)
	}
	_, _, err := l.Rate(1)
	return err
}

// optimizer returns the optimizer. Check has accepted its name.
func (l *Learning) optimizer() train.Optimizer {
	o := l.plain()
	if l.EMA > 0 {
		return &train.EMA{Optimizer: o, Decay: l.EMA}
	}
	return o
}

func (l *Learning) plain() stateful {
	groups := l.Groups.params(l.LR)
	momentum := func(standard float64) float64 {
		if l.Momentum != nil {
			return *l.Momentum
		}
		return standard
	}
	switch l.Optimizer {
	case "muon":
		return &train.Muon{Rate: muonRate(l.MuonLR), Momentum: momentum(0.95), WeightDecay: l.Decay, Groups: groups,
			AdamW: train.AdamW{Rate: l.LR, Beta2: l.Beta2, WeightDecay: l.Decay}}
	case "lion":
		return &train.Lion{Beta2: l.Beta2, WeightDecay: l.Decay, Groups: groups}
	case "adafactor":
		return &train.Adafactor{WeightDecay: l.Decay, Groups: groups}
	case "schedule-free":
		return &train.ScheduleFree{Beta2: l.Beta2, WeightDecay: l.Decay, Groups: groups}
	case "lamb":
		return &train.LAMB{Beta2: l.Beta2, WeightDecay: l.Decay, Groups: groups}
	case "sgd":
		return &train.SGD{Momentum: momentum(0.9), WeightDecay: l.Decay, Groups: groups}
	}
	return &train.AdamW{Beta2: l.Beta2, WeightDecay: l.Decay, Groups: groups}
}

func muonRate(rate float64) float64 { return cmp.Or(rate, 0.02) }

// named returns a name, or the standard one for "".
func named(name, standard string) string { return cmp.Or(name, standard) }

// listed joins names: a, b and c.
func listed(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
