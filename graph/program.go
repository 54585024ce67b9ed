package graph

import (
	"fmt"
	"slices"
	"sync/atomic"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Program runs a declaration that Build or BuildShapes has compiled. It implements gorgonia.VM. Its memory is planned when it is
// built. A run allocates nothing, except in Gorgonia's own operations, and its results do not depend on GOMAXPROCS.
//
// A Program of BuildShapes has several sizes. Run and Set choose the size whose inputs have the shapes of the feed. The first run of a
// size prepares it and allocates. Output and Loss belong to the size of the last run, InputShape and the values of Targets to the
// size of the last feed; at first, both are the first size.
//
// A Program serves one goroutine at a time: it is an error to call a method that runs or changes it during another such call.
// Programs that share states count as one. Several Programs over the same Params may run at once while nothing trains them. The
// other methods may be called at any time, but the next Run overwrites the results of Loss, Output, State and Weight.Grad: read them
// between runs.
type Program struct {
	// Accumulate makes Run add to the gradients instead of replacing them. The runs may have different sizes. Without it, the memory of a
	// gradient also holds intermediate values until the run writes the gradient. The first run with it allocates Memory.Accumulate for
	// those values, and it is an error if the machine or LimitMemory does not allow it.
	Accumulate bool
	// Scale multiplies the gradients of a run, for example by a micro-batch's share of its step. It is 1 at first.
	Scale float64
	// Stream selects the random numbers of a run: runs with the same Stream have the same dropout. Each random number depends on the
	// seed, the path, the Stream and the index of the element, counted along the last axis first. Another size, whose elements have
	// other indices, therefore has another mask.
	Stream uint64
	// Ready is called during Run as soon as the gradient of weight i of Weights has its final value, once for each weight, on the
	// goroutine of Run. A machine can send gradients while the others are computed. nil means no call.
	Ready func(i int)
	// TraceNaN makes Run check every value and return an error with the path of the first one that is not finite.
	TraceNaN bool

	params  *Params
	mode    Mode
	sizes   []*size
	fed     atomic.Pointer[size] // size of the inputs
	ran     atomic.Pointer[size] // size of the last run
	names   []string             // of the inputs, in order
	states  map[string]*tensor.Dense
	weights []*Weight
	targets []*Target
	memory  Memory
	limit   int           // of LimitMemory; 0 for none
	shared  *tensor.Dense // the gradients and the arena
	spare   *tensor.Dense // of the lent buffers, once runs accumulate; nil before
	pools   map[pool]*tensor.Dense
	profile *Profile
	guard   *guard
}

var _ G.VM = (*Program)(nil)

// Params returns the weights of the Program.
func (p *Program) Params() *Params { return p.params }

// Mode returns the mode that the Program was built for.
func (p *Program) Mode() Mode { return p.mode }

// Memory returns the memory of the Program, for all its sizes.
func (p *Program) Memory() Memory { return p.memory }

// Weights lists the trained parameters in order of declaration.
func (p *Program) Weights() []*Weight { return p.weights }

// ValueGrads lists the Weights in the form that a gorgonia.Solver takes.
func (p *Program) ValueGrads() []G.ValueGrad {
	vs := make([]G.ValueGrad, len(p.weights))
	for i, w := range p.weights {
		vs[i] = w
	}
	return vs
}

// Loss returns the loss of the last run, 0 if the graph has none.
func (p *Program) Loss() float64 {
	switch loss := p.ran.Load().loss; {
	case loss == nil:
		return 0
	case loss.Dtype() == tensor.Float64:
		return loss.Float64s()[0]
	default:
		return float64(loss.Float32s()[0])
	}
}

// Output returns the value of a named output after the last run, nil if the name is unknown. The next run overwrites it. A scalar
// has shape (1).
func (p *Program) Output(name string) *tensor.Dense { return p.ran.Load().outputs[name] }

// InputShape returns the shape of an input, nil if the name is unknown.
func (p *Program) InputShape(name string) []int {
	if l, ok := p.fed.Load().inputs[name]; ok {
		return slices.Clone(l.shape)
	}
	return nil
}

// Close implements gorgonia.VM. It does nothing.
func (p *Program) Close() error { return nil }

func (p *Program) String() string {
	steps, size := len(p.ran.Load().steps), p.params.Size()
	if n := len(p.sizes); n > 1 {
		return fmt.Sprintf("program for %v of %d sizes: %d steps in the last run, %d parameters", p.mode, n, steps, size)
	}
	return fmt.Sprintf("program for %v: %d steps, %d parameters", p.mode, steps, size)
}
