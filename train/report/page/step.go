package page

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Step shows the graph of a Program in training. When a page first asks for it, the training runs the Program once more between two
// steps, to measure it. This changes neither the weights nor later steps.
type Step struct {
	program *graph.Program
	asked   atomic.Bool
	ended   atomic.Bool
	once    sync.Once
	ready   chan struct{} // closed when graph or err is set
	graph   *Graph
	err     error
}

// NewStep returns the graph of a Program that trains. Call Between after each step, and End after the last one.
func NewStep(p *graph.Program) *Step { return &Step{program: p, ready: make(chan struct{})} }

// Between measures the Program if a page has asked for it. The Program holds the inputs of a run.
func (s *Step) Between() {
	if s.asked.Load() {
		s.once.Do(s.measure)
	}
}

// End says that the training has ended. A page that asks later measures the Program itself.
func (s *Step) End() {
	s.ended.Store(true)
	s.Between()
}

func (s *Step) measure() {
	defer close(s.ready)
	operations := s.program.Operations()
	if s.program.Memory().States == 0 { // another run would change a state
		profile, err := s.program.Profile(s.program.RunAll)
		if err != nil {
			s.err = errors.WithMessage(err, "page: graph of a step")
			return
		}
		operations = profile.Operations
	}
	s.graph = NewGraph(s.program.Params(), s.program.Memory(), operations)
}

// Graph waits for the end of a step, and returns the graph.
func (s *Step) Graph(ctx context.Context) (*Graph, error) {
	s.asked.Store(true)
	if s.ended.Load() {
		s.once.Do(s.measure)
	}
	select {
	case <-s.ready:
		return s.graph, s.err
	case <-ctx.Done():
		return nil, errors.New("the step has not ended yet: try again")
	}
}
