package graph

import (
	"fmt"
	"math"
	"strings"
)

// Requirements is the cost of a Program: its parameters, its memory and the work of a run.
type Requirements struct {
	Parameters int // elements of all parameters of the graph
	Trained    int // elements of the parameters that are not frozen
	Memory     Memory

	// Floating-point operations of a run, as Profile counts them. Backward includes recomputed values. Both saturate at the largest
	// int.
	Forward, Backward int
}

// Estimate declares and plans as Build does, but allocates nothing and leaves p unchanged. It is no error if the machine has too
// little memory. The optimizer's state comes on top, such as AdamW's two values per trained value.
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
