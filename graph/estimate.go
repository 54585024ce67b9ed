package graph

import (
	"fmt"
	"math"
	"strings"
)

// Requirements is what a Program would take: its parameters, its memory and the work of a run.
type Requirements struct {
	Parameters int // elements of all parameters of the graph
	Trained    int // of those that are not frozen
	Memory     Memory

	// Floating-point operations of a run, as Profile counts them. Backward includes what is recomputed; both stop at the largest int.
	Forward, Backward int
}

// Estimate declares and plans as Build does, and asks for no memory: p stays as it is. Memory that the machine lacks is no error here. An
// optimizer's own state, such as AdamW's two values for each trained one, comes on top.
func Estimate(p *Params, mode Mode, declare func(*Scope)) (_ Requirements, err error) {
	defer annotate(&err, "graph: estimate")
	c, err := declared(p, mode, declare)
	if err != nil {
		return Requirements{}, err
	}
	e := Requirements{Memory: c.memory()}
	for _, l := range c.weights {
		e.Parameters += l.size()
	}
	for _, l := range c.trained {
		e.Trained += l.size()
	}
	for _, s := range c.steps {
		sum := &e.Forward
		if s.again || c.backward(s) {
			sum = &e.Backward
		}
		if *sum += s.flops; *sum < 0 || s.flops < 0 {
			*sum = math.MaxInt
		}
	}
	return e, nil
}

func (e Requirements) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d parameters, %d of them trained\n%v", e.Parameters, e.Trained, e.Memory)
	fmt.Fprintf(&s, "A run takes %.3f GFLOP forward and %.3f GFLOP backward.\n", float64(e.Forward)/1e9, float64(e.Backward)/1e9)
	return s.String()
}
