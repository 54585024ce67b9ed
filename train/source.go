package train

import "github.com/gorgoformer/gorgoformer/graph"

// Source returns micro-batch i of a run. Batch is a pure function of i: two calls with the same i return the same values, so that a
// run can be resumed at any batch. A Feed is valid until the next call.
type Source interface {
	Batch(i int) (graph.Feed, error)
}

// Only returns a Source with the batches of s, without the inputs that p does not have. For example, a program that computes only
// logits has no targets.
func Only(p *graph.Program, s Source) Source { return &only{p, s, graph.Feed{}} }

type only struct {
	program *graph.Program
	source  Source
	feed    graph.Feed
}

func (o *only) Batch(i int) (graph.Feed, error) {
	feed, err := o.source.Batch(i)
	if err != nil {
		return nil, err
	}
	clear(o.feed)
	for name, v := range feed {
		if o.program.InputShape(name) != nil {
			o.feed[name] = v
		}
	}
	return o.feed, nil
}
