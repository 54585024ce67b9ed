package train

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Moments returns the state of the optimizer, as Stateful.State does. With Shard it collects the state from all ranks, each of which
// calls Moments; rank 0 gets the whole state and the others an empty one.
func (tr *Trainer) Moments() (iter.Seq2[string, *tensor.Dense], error) {
	s, ok := tr.Optimizer.(Stateful)
	if !ok {
		return nil, errors.Errorf("train: optimizer %T does not return its state", tr.Optimizer)
	}
	tr.connect()
	if tr.links == nil || !tr.Shard {
		return s.State(), nil
	}
	return nil, nil
}

// ownMoments returns the state of the parameters that this rank updates, and the state that belongs to none, such as the step.
func (tr *Trainer) ownMoments(all map[string]*tensor.Dense) map[string]*tensor.Dense {
	if tr.links == nil || !tr.Shard {
		return all
	}
	own := maps.Clone(all)
	maps.DeleteFunc(own, func(name string, _ *tensor.Dense) bool {
		w := tr.weightOf(name)
		return w >= 0 && !tr.links.owns(w)
	})
	return own
}

// weightOf returns the index of the weight that a tensor of the optimizer's state belongs to, -1 for none. The name of the tensor ends
// with the name of the weight.
func (tr *Trainer) weightOf(tensor string) int {
	best := -1
	for w, p := range tr.model {
		if name := nameOf(p, w); strings.HasSuffix(tensor, "."+name) && (best < 0 || len(name) > len(nameOf(tr.model[best], best))) {
			best = w
		}
	}
	return best
}

var _ = slices.Equal[[]int]
