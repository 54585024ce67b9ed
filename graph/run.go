package graph

import (
	"runtime/debug"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Run sets the inputs, as Set does, and runs the Program. An error names the input, or the path of the operation that failed.
func (p *Program) Run(feed Feed) error {
	g, err := p.enter("run")
	if err != nil {
		return err
	}
	defer g.leave()
	if err = p.feed(feed); err == nil {
		err = p.runAll()
	}
	return errors.WithMessage(err, "graph: run")
}

// RunAll runs the Program on the inputs that Let or Set has set. It implements gorgonia.VM.
func (p *Program) RunAll() error {
	g, err := p.enter("run")
	if err != nil {
		return err
	}
	defer g.leave()
	return errors.WithMessage(p.runAll(), "graph: run")
}

func (p *Program) runAll() (err error) {
	at, z := -1, p.fed.Load()
	p.ran.Store(z)
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			if err = faultOf(r); err == nil {
				err = errors.Errorf("panic: %v", r)
			}
		}
		if err != nil && at >= 0 {
			err = errors.WithMessage(err, z.steps[at].place())
		}
	}()
	if z.stream != nil {
		s := z.stream.value.Int32s()
		s[0], s[1] = int32(uint32(p.Stream)), int32(uint32(p.Stream>>32))
	}
	if z.scale != nil {
		setScalar(z.scale.value, p.Scale)
	}
	if p.Accumulate {
		if err := p.separate(); err != nil {
			return err
		}
		p.keepGradients(z)
	}
	for i, s := range z.steps {
		at = i
		if err := p.runStep(s); err != nil {
			return err
		}
		if p.Ready != nil {
			p.announce(z, z.final[i])
		}
	}
	at = -1
	if p.Accumulate {
		p.addGradients(z)
	}
	return nil
}

func (p *Program) runStep(s *step) error {
	run := s.run
	if p.profile != nil {
		run = func() error { return p.profile.run(s) }
	}
	if err := run(); err != nil {
		return err
	}
	if p.TraceNaN {
		return p.checkFinite(s)
	}
	return nil
}

// place returns the path and name of a step for messages: "h.0.attn: Attention{…}".
func (s *step) place() string { return at(s.path, s.name()) }

func (s *step) name() string {
	switch {
	case s.kind == copyStep:
		return "Copy"
	case s.op != nil:
		return s.op.Name
	case s.kind == addStep:
		return "Add"
	}
	return s.node.Op().String()
}

func setScalar(t *tensor.Dense, v float64) {
	if t.Dtype() == tensor.Float64 {
		t.Float64s()[0] = v
	} else {
		t.Float32s()[0] = float32(v)
	}
}

// checkFinite returns an error for the first result of a step that is a number but not finite. Values kept for the gradient may be infinite: a
// row with no exponentials has a log-sum of −Inf.
func (p *Program) checkFinite(s *step) error {
	if s.op != nil && s.op.Bits {
		return nil
	}
	for i, v := range s.out {
		if kept := i > 0 && s.op.Of() == nil; kept || v.buf == nil || v.buf.dt != p.params.dt {
			continue
		}
		n := -1
		if p.params.dt == tensor.Float64 {
			n = kernel.FirstNonFinite(floats[float64](p, v))
		} else {
			n = kernel.FirstNonFinite(floats[float32](p, v))
		}
		if n >= 0 {
			return errors.Errorf("result %d of shape %v is not finite at element %d", i, v.shape, n)
		}
	}
	return nil
}
