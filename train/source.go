package train

import "github.com/gorgoformer/gorgoformer/graph"

// Source returns micro-batch i of a run. Batch is a pure function of i: two calls with the same i return the same values, so that a
// run can be resumed at any batch. A Feed is valid until the next call.
type Source interface {
	Batch(i int) (graph.Feed, error)
}

// Only returns a Source with the batches of s, without the inputs that p does not have. For example, a program that computes only
// logits has no targets.
func Only(p *graph.Program, s Source) Source { return only{p, s} }

type only struct {
	program *graph.Program
	source  Source
}

func (o only) Batch(i int) (graph.Feed, error) {
	feed, err := o.source.Batch(i)
	return inputsOf(o.program, feed), err
}

// inputsOf returns the part of a feed that p has inputs for.
func inputsOf(p *graph.Program, feed graph.Feed) graph.Feed {
	some := graph.Feed{}
	for name, v := range feed {
		if p.InputShape(name) != nil {
			some[name] = v
		}
	}
	return some
}
