package train

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Group gives the parameters whose names match a pattern a learning rate and a weight decay of their own. To freeze parameters, use
// graph.Params.Freeze: a frozen parameter has no gradient.
type Group struct {
	Pattern string   // as in graph.Params.Freeze, such as h.*.attn.**
	Scale   float64  // factor of the learning rate; 0 means 1
	Decay   *float64 // weight decay of all parameters of the group; nil means the optimizer's
}

// Groups lists groups of parameters. A parameter belongs to the last group that it matches.
type Groups []Group

// assign sets the groups of the parameters. It is an error if a group has no parameter.
func (g Groups) assign(all []paramState) error {
	for i := range g {
		found := false
		for j := range all {
			if graph.MatchPath(g[i].Pattern, all[j].name) {
				all[j].group, found = &g[i], true
			}
		}
		switch {
		case !found && len(all) > 0:
			return errors.Errorf("no parameter in training matches the group %q: their names are such as %s and %s", g[i].Pattern, all[0].name, all[len(all)/2].name)
		case !(g[i].Scale >= 0) || g[i].Decay != nil && !(*g[i].Decay >= 0):
			return errors.Errorf("the group %q has a negative scale or decay, want both at least 0", g[i].Pattern)
		}
	}
	return nil
}

// rate returns the learning rate of a parameter at a learning rate of the optimizer.
func (s *paramState) rate(rate float64) float64 {
	if s.group == nil || s.group.Scale == 0 {
		return rate
	}
	return rate * s.group.Scale
}
