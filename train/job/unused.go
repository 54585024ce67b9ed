package job

import (
	"slices"

	"github.com/pkg/errors"
)

// users lists, for each setting that only some optimizers or schedules use, their names.
var users = []struct {
	flag, of string // of is the flag that chooses
	names    []string
}{
	{"momentum", "optimizer", []string{"sgd", "muon"}},
	{"muon-lr", "optimizer", []string{"muon"}},
	{"beta2", "optimizer", []string{"adamw", "muon", "lion", "schedule-free", "lamb"}},
	{"min-lr", "schedule", []string{"cosine", "linear", "wsd", "restarts"}},
	{"warmup", "schedule", []string{"cosine", "linear", "constant", "inverse-sqrt", "wsd", "step", "restarts", "plateau"}},
}

// checkUnused returns an error for a setting that the optimizer or the schedule would ignore. The program's own value of a setting is
// no error, because nobody gave it.
func (l *Learning) checkUnused() error {
	schedule, _, err := l.schedule().parse()
	if err != nil {
		return err
	}
	chosen := map[string]string{"optimizer": named(l.Optimizer, "adamw"), "schedule": schedule}
	given := map[string]bool{
		"momentum": l.Momentum != nil, "muon-lr": muonRate(l.MuonLR) != muonRate(l.usual.muonLR), "beta2": l.Beta2 != l.usual.beta2,
		"min-lr": l.MinLR != nil, "warmup": l.Warmup != nil,
	}
	for _, u := range users {
		if name := chosen[u.of]; given[u.flag] && !slices.Contains(u.names, name) {
			return errors.Errorf("-%s is set, but -%s %s ignores it: leave it out, or choose %s", u.flag, u.of, name, listed(u.names))
		}
	}
	return nil
}
