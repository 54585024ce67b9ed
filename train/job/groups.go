package job

import (
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
)

// Group gives the weights whose names match a pattern settings of their own.
type Group struct {
	Pattern string // as in graph.Params.Freeze
	LR      *float64
	Decay   *float64
	Frozen  bool
}

// Groups is a flag of groups of weights. A weight belongs to the last group that it matches.
type Groups []Group

const groupHelp = "weights with settings of their own, as `pattern:settings`, separated by spaces: 'h.0.**:lr=1e-4,decay=0 wte.**:frozen'; patterns as in **.bias"

// String implements flag.Value.
func (g *Groups) String() string {
	var all []string
	for _, x := range *g {
		var settings []string
		if x.LR != nil {
			settings = append(settings, "lr="+strconv.FormatFloat(*x.LR, 'g', -1, 64))
		}
		if x.Decay != nil {
			settings = append(settings, "decay="+strconv.FormatFloat(*x.Decay, 'g', -1, 64))
		}
		if x.Frozen {
			settings = append(settings, "frozen")
		}
		all = append(all, x.Pattern+":"+strings.Join(settings, ","))
	}
	return strings.Join(all, " ")
}

// Set implements flag.Value. After an error the flag is unchanged.
func (g *Groups) Set(text string) error {
	var all Groups
	for word := range strings.FieldsSeq(text) {
		pattern, settings, ok := strings.Cut(word, ":")
		if !ok || pattern == "" {
			return errors.Errorf("%q has no pattern and settings: want a group such as h.0.**:lr=1e-4", word)
		}
		x := Group{Pattern: pattern}
		for part := range strings.SplitSeq(settings, ",") {
			if err := x.set(part); err != nil {
				return err
			}
		}
		if x.Frozen && (x.LR != nil || x.Decay != nil) {
			return errors.Errorf("%q is frozen and has a rate or a decay: want one of both", word)
		}
		all = append(all, x)
	}
	*g = all
	return nil
}

func (x *Group) set(setting string) error {
	key, text, _ := strings.Cut(setting, "=")
	if setting == "frozen" {
		x.Frozen = true
		return nil
	}
	v, err := strconv.ParseFloat(text, 64)
	switch {
	case key != "lr" && key != "decay":
		return errors.Errorf("group %q has no setting %q%s: want lr=…, decay=… or frozen", x.Pattern, setting, Suggest(key, []string{"lr", "decay", "frozen"}, ""))
	case err != nil || !(v >= 0) || v-v != 0:
		return errors.Errorf("%s of the group %q is %q, want a finite number of at least 0", key, x.Pattern, text)
	case key == "lr" && v == 0:
		return errors.Errorf("lr of the group %q is 0: write %[1]s:frozen", x.Pattern)
	case key == "lr":
		x.LR = &v
	default:
		x.Decay = &v
	}
	return nil
}

// params returns the groups for an optimizer at this rate.
func (g Groups) params(lr float64) (out train.ParamGroups) {
	for _, x := range g {
		p := train.ParamGroup{Pattern: x.Pattern, Decay: x.Decay}
		if x.LR != nil && lr > 0 {
			p.Scale = *x.LR / lr
		}
		out = append(out, p)
	}
	return out
}

// check returns an error if a group matches no weight, or weights that the Program trains though they are frozen.
func (g Groups) check(p *graph.Program) error {
	for _, x := range g {
		var all []string
		found := false
		for name := range p.Params().All() {
			all = append(all, name)
			found = found || graph.MatchPath(x.Pattern, name)
		}
		if !found {
			return errors.Errorf("-group: no weight matches %q: weights have names such as %s and %s", x.Pattern, all[0], all[len(all)/2])
		}
	}
	return nil
}
