package train

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// counter weighs the batches of a program by the number of targets that count in its loss. The names of the inputs do not matter.
type counter struct {
	program *graph.Program
	several bool // several batches are weighed against each other
}

// run sets the inputs, calls weigh with the weight of the batch, and runs the program. It skips the run if no target counts. If
// weigh is nil, the weight may be unknown before the run.
func (c counter) run(feed graph.Feed, weigh func(counted float64)) (counted float64, err error) {
	if err := c.program.Set(feed); err != nil {
		return 0, err
	}
	if t := c.computed(); t == nil {
		if counted, err = c.count(feed); err != nil || counted == 0 {
			return 0, err
		}
		if weigh != nil {
			weigh(counted)
		}
		return counted, c.program.RunAll()
	} else if c.several && weigh != nil {
		return 0, errors.Errorf("the targets of %s are computed: feed them as an input, so that they count before the run", t.Path())
	}
	if err := c.program.RunAll(); err != nil {
		return 0, err
	}
	return c.count(feed)
}

// computed returns the first targets that are known only after the run, or nil.
func (c counter) computed() *graph.Target {
	for _, t := range c.program.Targets() {
		if !t.Known() {
			return t
		}
	}
	return nil
}

// count returns the weight of the batch that is set: the number of targets that count. Without targets, it is the number of rows.
func (c counter) count(feed graph.Feed) (float64, error) {
	targets := c.program.Targets()
	if len(targets) == 0 {
		return float64(rowsOf(feed)), hidden(feed)
	}
	least, most := targets[0], targets[0]
	for _, t := range targets[1:] {
		if n := t.Count(); n < least.Count() {
			least = t
		} else if n > most.Count() {
			most = t
		}
	}
	n, m := least.Count(), most.Count()
	switch {
	case !(m >= 0) || math.IsInf(m, 0):
		return 0, errors.Errorf("%v targets count in %s, want a finite number of at least 0", m, most.Path())
	case n != m && c.several:
		return 0, errors.Errorf("%v targets count in %s but %v in %s: one number cannot weigh the batch: use one batch, or a program for each loss",
			n, least.Path(), m, most.Path())
	}
	return m, nil
}

// rowsOf returns the length of the first axis of the inputs, or 1 if the inputs disagree about it.
func rowsOf(feed graph.Feed) int {
	rows := 0
	for _, v := range feed {
		switch {
		case v.Dims() == 0 || rows > 0 && v.Shape()[0] != rows:
			return 1
		default:
			rows = v.Shape()[0]
		}
	}
	return max(rows, 1)
}

// hidden returns an error if an input holds ignored targets although the loss declares no targets.
func hidden(feed graph.Feed) error {
	for name, v := range feed {
		if v.Dtype() == tensor.Int32 && slices.Contains(v.Int32s(), ops.IgnoreTarget) {
			return errors.Errorf("input %s holds targets that do not count (%d), but the loss does not say so: set Def.Targets of its operation, or call Scope.Count",
				name, ops.IgnoreTarget)
		}
	}
	return nil
}

// scored returns the targets whose logits are the output logits. It returns nil if none are, or if several may be.
func scored(p *graph.Program) *graph.Target {
	targets := p.Targets()
	if i := slices.IndexFunc(targets, func(t *graph.Target) bool { return t.Reads("logits") }); i >= 0 {
		return targets[i]
	}
	if len(targets) == 1 {
		return targets[0]
	}
	return nil
}
