package job

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
)

// Schedule is a flag that names the schedule of the learning rate and its settings, such as wsd or step:every=500,factor=0.3.
type Schedule string

const scheduleHelp = "`schedule` of the learning rate after the warm-up, with settings such as step:every=500,factor=0.3: cosine, linear, constant, " +
	"wsd:fall=0.2, one-cycle:rise=0.3, inverse-sqrt, step:every=N,factor=0.1, restarts:first=N,mult=2, plateau:factor=0.1,patience=2 " +
	"(default: cosine; constant with -optimizer schedule-free)"

// schedules are the names of the schedules with their settings and the defaults of these.
var schedules = map[string]map[string]float64{
	"cosine": nil, "linear": nil, "constant": nil, "inverse-sqrt": nil,
	"wsd":       {"fall": 0.2},
	"one-cycle": {"rise": 0.3},
	"step":      {"every": 0, "factor": 0.1}, // every 0 means a third of the steps
	"restarts":  {"first": 0, "mult": 2},     // first 0 means a seventh of the steps: three waves with mult 2
	"plateau":   {"factor": 0.1, "patience": 2, "threshold": 1e-4, "cooldown": 0},
}

// String implements flag.Value.
func (s *Schedule) String() string { return string(*s) }

// Set implements flag.Value.
func (s *Schedule) Set(text string) error {
	if _, _, err := Schedule(text).parse(); err != nil {
		return err
	}
	*s = Schedule(text)
	return nil
}

// parse returns the name and all settings of a schedule.
func (s Schedule) parse() (name string, settings map[string]float64, err error) {
	name, rest, _ := strings.Cut(string(s), ":")
	known, ok := schedules[name]
	if names := slices.Sorted(maps.Keys(schedules)); !ok {
		return "", nil, errors.Errorf("no schedule %q%s: want %s", name, Suggest(name, names, ""), listed(names))
	}
	settings = maps.Clone(known)
	for part := range strings.SplitSeq(rest, ",") {
		if rest == "" {
			break
		}
		key, text, _ := strings.Cut(part, "=")
		if _, ok := known[key]; !ok {
			return "", nil, errors.Errorf("the schedule %s has no setting %q%s", name, key, settingsOf(known))
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v >= 0 && v < 1e15) || (key == "fall" || key == "rise" || key == "threshold") && v >= 1 {
			return "", nil, errors.Errorf("%s of the schedule %s is %q, want a number of at least 0, and less than 1 for a fraction", key, name, text)
		}
		settings[key] = v
	}
	return name, settings, nil
}

func settingsOf(known map[string]float64) string {
	if len(known) == 0 {
		return ": it has none"
	}
	return ": it has " + strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}

// schedule returns the schedule that is set, or the usual one of the optimizer.
func (l *Learning) schedule() Schedule {
	if l.Optimizer == "schedule-free" {
		return cmp.Or(l.Schedule, "constant")
	}
	return cmp.Or(l.Schedule, "cosine")
}

// Rate returns the schedule of a run of this many steps. With muon it is the rate of the matrices.
func (l *Learning) Rate(steps int) (train.Schedule, *train.Plateau, error) {
	name, k, err := l.schedule().parse()
	if err != nil {
		return nil, nil, errors.WithMessage(err, "-schedule")
	}
	high, low, warmup := l.LR, l.low(), l.warmup(steps)
	if l.Optimizer == "muon" {
		high, low = muonRate(l.MuonLR), low/l.LR*muonRate(l.MuonLR)
	}
	after := max(1, steps-warmup)
	switch name {
	case "linear":
		return train.Linear(high, low, warmup, steps), nil, nil
	case "constant":
		return train.Linear(high, high, warmup, steps), nil, nil
	case "inverse-sqrt":
		return train.InverseSqrt(high, warmup), nil, nil
	case "wsd":
		return train.WSD(high, low, warmup, int(k["fall"]*float64(after)), steps), nil, nil
	case "one-cycle":
		return train.OneCycle(high, k["rise"], steps), nil, nil
	case "step":
		return train.Step(high, k["factor"], warmup, int(cmp.Or(k["every"], float64((after+2)/3)))), nil, nil
	case "restarts":
		return train.Restarts(high, low, warmup, int(cmp.Or(k["first"], float64((after+6)/7))), int(k["mult"])), nil, nil
	case "plateau":
		p := &train.Plateau{Factor: k["factor"], Patience: int(k["patience"]), Threshold: k["threshold"], Cooldown: int(k["cooldown"])}
		return train.Linear(high, high, warmup, steps), p, nil
	}
	return train.Cosine(high, low, warmup, steps), nil, nil
}
