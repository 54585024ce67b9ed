package graph

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// BuildShapes builds one declaration for several sizes, as one Program. A batch then costs only the positions of the size that it
// fits. Run chooses the size by the shapes of its feed.
//
//	step, err := graph.BuildShapes(params, graph.Train, [][]int{{12, 64}, {24, 32}}, func(s *graph.Scope, size []int) {
//		gpt.Loss(size[0], size[1])(s)
//	})
//
// A size is anything that declare understands. The sizes differ in the shapes of their inputs and agree in all else: it is an error
// if one has other parameters, states, inputs, outputs or targets than the first, or if two sizes have inputs of the same shapes.
// Only the first axis of a state may differ: the Program holds the most rows, and a size with fewer uses the leading ones.
//
// All sizes are planned now and share their memory: the Program needs little more than its largest size alone. The rest is prepared
// when a size first runs. LimitMemory limits the memory of all sizes together.
func BuildShapes[S any](p *Params, mode Mode, sizes []S, declare func(s *Scope, size S)) (_ *Program, err error) {
	defer annotate(&err, "graph: build")
	plans, err := plansOf(p, mode, variants(sizes, declare))
	if err != nil {
		return nil, err
	}
	return link(plans...)
}

// variant is a declaration with one size.
type variant struct {
	name    string // for messages
	declare func(*Scope)
}

func variants[S any](sizes []S, declare func(s *Scope, size S)) []variant {
	all := make([]variant, len(sizes))
	for i, size := range sizes {
		if len(sizes) > 1 {
			all[i].name = fmt.Sprintf("size %+v", size)
		}
		if declare != nil {
			all[i].declare = func(s *Scope) { declare(s, size) }
		}
	}
	return all
}

// plansOf declares and plans all variants.
func plansOf(p *Params, mode Mode, all []variant) ([]*compiler, error) {
	if len(all) == 0 {
		return nil, errors.New("no sizes: give at least one")
	}
	builders := make([]*builder, len(all))
	for i, v := range all {
		b, err := declared(p, mode, v.declare)
		if err != nil {
			return nil, located(v.name, err)
		}
		builders[i] = b
		order(b.trained, builders[0].trained)
	}
	reserve(builders)
	plans := make([]*compiler, len(all))
	for i, b := range builders {
		c, err := b.compile()
		if err != nil {
			return nil, located(all[i].name, err)
		}
		plans[i] = c
	}
	if err := agree(plans, all); err != nil {
		return nil, err
	}
	need := together(plans).Total() // with the results of Gorgonia's operations in other types
	for i, c := range plans {
		if c.limit > 0 && need > c.limit {
			return nil, errors.Errorf("%s: memory: %d bytes are needed for all sizes together, the limit is %d", all[i].name, need, c.limit)
		}
	}
	return plans, nil
}

// order sorts the trained parameters of a size as the first size has them, so that all sizes have each gradient at the same place.
func order(trained, first []*leaf) {
	rank := map[string]int{}
	for i, l := range first {
		rank[l.name] = i
	}
	slices.SortStableFunc(trained, func(a, b *leaf) int { return cmp.Compare(rank[a.name], rank[b.name]) })
}

// reserve tells every size how much memory the other sizes add to its inputs, constants and states.
func reserve(builders []*builder) {
	inputs, constants, states := demand{}, 0, map[string]*leaf{}
	for _, b := range builders {
		inputs.raise(b.demand())
		constants += b.constantBytes()
		b.raiseStates(states)
	}
	for _, b := range builders {
		own := map[string]*leaf{}
		b.raiseStates(own)
		b.reserved = inputs.bytes(inLeaf) + constants + stateBytes(states) - b.demand().bytes(inLeaf) - b.constantBytes() - stateBytes(own)
	}
}

// agree returns an error unless the sizes can share one Program.
func agree(plans []*compiler, all []variant) error {
	first := plans[0].facts()
	shapes := map[string]int{}
	for i, c := range plans {
		facts := c.facts()
		for _, what := range slices.Sorted(maps.Keys(joined(first, facts))) {
			if a, b := first[what], facts[what]; a != b {
				return errors.Errorf("%s: %s is %s, but %s in %s: all sizes must declare the same", all[i].name, what,
					cmp.Or(b, "missing"), cmp.Or(a, "missing"), all[0].name)
			}
		}
		key := c.inputShapes()
		if j, ok := shapes[key]; ok {
			return errors.Errorf("%s: its inputs have the shapes of those of %s: %s: remove one", all[i].name, all[j].name, key)
		}
		shapes[key] = i
	}
	return nil
}

// joined returns a map with the keys of both.
func joined(a, b map[string]string) map[string]string {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

// facts describes everything that must be equal in all sizes of a Program, by name.
func (c *compiler) facts() map[string]string {
	facts := map[string]string{}
	for _, l := range c.weights {
		facts["parameter "+l.name] = fmt.Sprintf("of shape %v", l.shape)
	}
	for l := range c.own {
		facts["parameter "+l.name] += " and trained"
	}
	for _, l := range c.leaves {
		switch l.kind {
		case stateLeaf:
			facts["state "+l.name] = fmt.Sprintf("of row shape %v", l.shape[1:])
		case inputLeaf:
			facts["input "+l.name] = fmt.Sprintf("of type %v", l.dt)
		}
	}
	for _, o := range c.outputs {
		facts["output "+o.name] = "declared"
	}
	if c.loss != nil {
		facts["loss"] = "declared"
	}
	for i, a := range c.aims {
		facts[fmt.Sprintf("target %d", i)] = fmt.Sprintf("of type %v at %s, which reads outputs %q", a.value.buf.dt, a.path, a.reads)
	}
	return facts
}

// inputShapes describes the shapes of the inputs.
func (b *builder) inputShapes() string {
	texts := make([]string, len(b.inputs))
	for i, l := range b.inputs {
		texts[i] = fmt.Sprintf("%s %v", l.name, l.shape)
	}
	slices.Sort(texts)
	return strings.Join(texts, ", ")
}
