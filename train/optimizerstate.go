package train

import (
	"fmt"
	"iter"
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// rules names the tensors that an optimizer keeps for a parameter.
type rules interface {
	// kinds returns the names of the tensors kept for a parameter, such as exp_avg.
	kinds(p *paramState) []string
	grouping() ParamGroups
}

// paramState is the state of one parameter.
type paramState struct {
	name  string
	shape tensor.Shape
	dt    tensor.Dtype
	kinds []string
	kept  []*tensor.Dense // one tensor for each kind
	group *ParamGroup     // nil means the optimizer's own rate and decay
}

// optimizerState is the number of steps and the state of all parameters, in the model's order.
type optimizerState struct {
	all     []paramState
	step    *tensor.Dense // (1) int64
	scalars []scalar
}

// scalar is a number of an optimizer's state that belongs to no parameter.
type scalar struct {
	name string
	at   *tensor.Dense // (1) float64
}

// bind allocates the state for a model and the scalars, or checks that the existing state belongs to the model.
func (s *optimizerState) bind(model []G.ValueGrad, k rules, scalars ...string) error {
	if s.step != nil {
		return s.same(model, k)
	}
	fresh := optimizerState{step: tensor.New(tensor.Of(tensor.Int64), tensor.WithShape(1))}
	for _, name := range scalars {
		fresh.scalars = append(fresh.scalars, scalar{name, tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(1))})
	}
	seen := map[string]bool{}
	for i, p := range model {
		name := nameOf(p, i)
		if seen[name] {
			return errors.Errorf("two parameters are called %s: give each parameter its own name", name)
		}
		seen[name] = true
		v := p.Value()
		if err := checkFloats(v); err != nil {
			return errors.WithMessage(err, name)
		}
		fresh.all = append(fresh.all, paramState{name: name, shape: v.Shape().Clone(), dt: v.Dtype()})
	}
	if err := k.grouping().assign(fresh.all); err != nil {
		return err
	}
	for i := range fresh.all {
		if err := fresh.all[i].make(k.kinds(&fresh.all[i])); err != nil {
			return err
		}
	}
	*s = fresh
	return nil
}

// pairKind is the kind of state that packs two bfloat16 moments into an int32. All other kinds have the parameter's type.
const pairKind = "exp_avg_pair"

// rowKind and colKind are the kinds of state that have no last, and no last but one axis of the parameter. All other kinds have the
// parameter's shape.
const rowKind, colKind = "row_var", "col_var"

// seed returns the seed of the random numbers that round the pairs of a parameter.
func (s *paramState) seed() kernel.Seed { return kernel.Seed{Key: kernel.Key(0, s.name)} }

func (s *paramState) make(kinds []string) error {
	s.kinds = kinds
	for _, kind := range kinds {
		dt := s.dt
		if kind == pairKind {
			if dt = tensor.Int32; s.dt != tensor.Float32 {
				return errors.Errorf("%s is of %v: moments in bfloat16 need parameters of float32", s.name, s.dt)
			}
		}
		t := tensor.New(tensor.Of(dt), tensor.WithShape(s.shapeOf(kind)...))
		kernel.LargePages(t)
		s.kept = append(s.kept, t)
	}
	return nil
}

// shapeOf returns the shape of a kind of state.
func (s *paramState) shapeOf(kind string) tensor.Shape {
	shape, last := s.shape.Clone(), s.shape.Dims()-1
	switch {
	case last < 0:
		return tensor.Shape{1}
	case kind == rowKind:
		return shape[:last]
	case kind == colKind:
		return append(shape[:last-1:last-1], shape[last])
	}
	return shape
}

func (s *optimizerState) same(model []G.ValueGrad, k rules) error {
	if len(model) != len(s.all) {
		return errors.Errorf("%d parameters, but the optimizer was bound to %d: one optimizer serves one model", len(model), len(s.all))
	}
	for i, p := range model {
		b := &s.all[i]
		if kinds := k.kinds(b); len(kinds) != len(b.kinds) {
			return errors.Errorf("state %v, but the optimizer was bound with state %v", kinds, b.kinds)
		}
		name, v := nameOf(p, i), p.Value()
		if err := checkFloats(v); err != nil {
			return errors.WithMessage(err, name)
		}
		if name != b.name || !slices.Equal(v.Shape(), b.shape) || v.Dtype() != b.dt {
			return errors.Errorf("parameter %d is %s %v of %v, but the optimizer was bound to %s %v of %v: one optimizer serves one model",
				i, name, v.Shape(), v.Dtype(), b.name, b.shape, b.dt)
		}
	}
	return nil
}

// begin binds the state, checks the gradients, counts the step and returns its number.
func (s *optimizerState) begin(model []G.ValueGrad, k rules, scalars ...string) (step int, err error) {
	if err := s.bind(model, k, scalars...); err != nil {
		return 0, err
	}
	for i, p := range model {
		if err := s.all[i].checkGrad(p); err != nil {
			return 0, errors.WithMessagef(err, "gradient of %s", s.all[i].name)
		}
	}
	n := s.step.Int64s()
	n[0]++
	return int(n[0]), nil
}

// checkGrad returns an error unless p has a gradient of the parameter's type and shape.
func (s *paramState) checkGrad(p G.ValueGrad) error {
	g, err := p.Grad()
	if err != nil {
		return errors.WithStack(err)
	}
	if err := checkFloats(g); err != nil {
		return err
	}
	if g.Dtype() != s.dt || size(g) != count(s.shape) {
		return errors.Errorf("shape %v of %v, want %v of %v", g.Shape(), g.Dtype(), s.shape, s.dt)
	}
	return nil
}

// clearForeign zeroes a gradient of a plain Gorgonia program, as Gorgonia's own solvers do, because the next run adds to it. A
// graph.Program overwrites its gradients in the next run.
func clearForeign(p G.ValueGrad) {
	if _, ours := p.(*graph.Weight); ours {
		return
	}
	if g, err := p.Grad(); err == nil && g.Dtype() == tensor.Float64 {
		clear(floats[float64](g))
	} else if err == nil {
		clear(floats[float32](g))
	}
}

func nameOf(p G.ValueGrad, i int) string {
	if n, ok := p.(G.Namer); ok && n.Name() != "" {
		return n.Name()
	}
	return fmt.Sprintf("parameter.%d", i)
}

// list returns the state by name: step, the scalars, and kind.NAME for each kind of state of each parameter.
func (s *optimizerState) list() iter.Seq2[string, *tensor.Dense] {
	return func(yield func(string, *tensor.Dense) bool) {
		if s.step == nil || !yield("step", s.step) {
			return
		}
		for _, x := range s.scalars {
			if !yield(x.name, x.at) {
				return
			}
		}
		for k, more := 0, true; more; k++ {
			more = false
			for i := range s.all {
				p := &s.all[i]
				if k >= len(p.kinds) {
					continue
				}
				if more = true; !yield(p.kinds[k]+"."+p.name, p.kept[k]) {
					return
				}
			}
		}
	}
}

// scalar returns a scalar of the state.
func (s *optimizerState) scalar(i int) *float64 { return &s.scalars[i].at.Float64s()[0] }
