package train

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
)

// ParamGroup is one of PyTorch's param_groups: it gives the parameters whose names match a pattern a learning rate and a weight decay of their own. To freeze parameters, use
// graph.Params.Freeze: a frozen parameter has no gradient.
type ParamGroup struct {
	Pattern string   // as in graph.Params.Freeze, such as h.*.attn.**
	Scale   float64  // factor of the learning rate; 0 means 1
	Decay   *float64 // weight decay of all parameters of the group; nil means the optimizer's
}

// ParamGroups lists groups of parameters. A parameter belongs to the last group that it matches.
type ParamGroups []ParamGroup

// assign sets the groups of the parameters.
func (g ParamGroups) assign(all []paramState) error {
	for i := range g {
		if d := g[i].Decay; !(g[i].Scale >= 0) || d != nil && !(*d >= 0) {
			return errors.Errorf("the group %q has a negative scale or decay, want both at least 0", g[i].Pattern)
		}
		for j := range all {
			if graph.MatchPath(g[i].Pattern, all[j].name) {
				all[j].group = &g[i]
			}
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
