package graph

import (
	"sync/atomic"

	"github.com/pkg/errors"
)

// guard prevents a Program, and the Programs that share its states, from running twice at the same time.
type guard struct{ busy atomic.Bool }

// enter claims the Program for a method. The caller releases the guard.
func (p *Program) enter(method string) (*guard, error) {
	g := p.guard
	if !g.busy.CompareAndSwap(false, true) {
		return nil, errors.Errorf("graph: %s: the program is in use by another call: build a program for each goroutine", method)
	}
	return g, nil
}

func (g *guard) leave() { g.busy.Store(false) }
