package graph

import (
	"fmt"
	"math"
	"slices"
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
	c, err := planOf(p, mode, declare)
	if err != nil {
		return Requirements{}, err
	}
	return requirements(c), nil
}

// Declared runs a declaration as Build does, but allocates nothing and leaves p unchanged. It returns the shapes of the parameters by path.
func Declared(p *Params, mode Mode, declare func(*Scope)) (_ map[string][]int, err error) {
	defer annotate(&err, "graph: declared")
	b, err := declared(p, mode, declare)
	if err != nil {
		return nil, err
	}
	shapes := map[string][]int{}
	for _, l := range b.weights {
		shapes[l.name] = slices.Clone([]int(l.shape))
	}
	return shapes, nil
}

// EstimateShapes estimates a Program that BuildShapes builds. Forward and Backward are those of the size with the most work.
func EstimateShapes[S any](p *Params, mode Mode, sizes []S, declare func(s *Scope, size S)) (_ Requirements, err error) {
	defer annotate(&err, "graph: estimate")
	plans, err := plansOf(p, mode, variants(sizes, declare))
	if err != nil {
		return Requirements{}, err
	}
	return requirements(plans...), nil
}

func requirements(plans ...*compiler) Requirements {
	e := Requirements{Memory: together(plans)}
	for _, l := range plans[0].weights {
		e.Parameters += l.size()
	}
	for _, l := range plans[0].trained {
		e.Trained += l.size()
	}
	for _, c := range plans {
		if f, b := c.work(); float64(f)+float64(b) > float64(e.Forward)+float64(e.Backward) {
			e.Forward, e.Backward = f, b
		}
	}
	return e
}

// work returns the floating-point operations of both passes.
func (c *compiler) work() (forward, backward int) {
	for _, s := range c.steps {
		sum := &forward
		if s.again || c.backward(s) {
			sum = &backward
		}
		if *sum += s.flops; *sum < 0 || s.flops < 0 {
			*sum = math.MaxInt
		}
	}
	return forward, backward
}

func (e Requirements) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d parameters, %d of them trained\n%v", e.Parameters, e.Trained, e.Memory)
	fmt.Fprintf(&s, "A run takes %.3f GFLOP forward and %.3f GFLOP backward.\n", float64(e.Forward)/1e9, float64(e.Backward)/1e9)
	return s.String()
}
