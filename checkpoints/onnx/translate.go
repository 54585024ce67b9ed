package onnx

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Rule translates an operation. It adds nodes to g and returns the name of the first result. The result has the shape c.Out.
type Rule func(g *Graph, c Call) (string, error)

// Call is an operation to translate.
type Call struct {
	Op  *ops.Op // with its name and attributes
	In  []Operand
	Out []Size // shape of the first result
}

// Operand is an operand of a Call.
type Operand struct {
	Name  string
	Shape []Size
	Dtype tensor.Dtype // int32 operands are int64 in the file if they are inputs
}

// Translate declares a model in mode Eval over weights, which must have their values, and translates it. The Model shares their memory.
//
// It is an error if an operation has no Rule, if the weights are not float32, or if a shape, a constant or an attribute depends on the
// sizes in a way that a file cannot have.
func Translate(params *graph.Params, d Declaration) (_ *Model, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.Errorf("panic: %v", r)
		}
		err = errors.WithMessage(err, "onnx: translate")
	}()
	d.Opset = cmp.Or(d.Opset, FirstOpset)
	if err := checkOpset(d.Opset); err != nil {
		return nil, err
	}
	m, err := d.declare(params)
	if err != nil {
		return nil, err
	}
	t := translation{
		Declaration: d, declared: m, names: map[*graph.Node]string{}, shapes: map[*graph.Node][]Size{},
		g: &Graph{
			model: &Model{Name: "gorgoformer", Opset: d.Opset}, axes: d.Axes, used: map[string]int{}, cached: map[string]string{},
			masks: map[string]mask{}, from: make([]string, len(d.Axes)),
		},
	}
	if err := t.run(); err != nil {
		return nil, err
	}
	t.g.model.prune()
	return t.g.model, t.g.model.check()
}

// translation is a Translate in progress.
type translation struct {
	Declaration
	*declared
	g      *Graph
	names  map[*graph.Node]string // of the translated nodes
	shapes map[*graph.Node][]Size
}

func (t *translation) run() error {
	if err := t.checkNames(); err != nil {
		return err
	}
	for _, n := range t.Nodes {
		shape, err := t.shape(n)
		if err != nil {
			return err
		}
		t.shapes[n] = shape
		if n.Kind == graph.ParamNode {
			t.g.used[n.Name]++
		}
	}
	for _, n := range t.Inputs {
		if err := t.input(n); err != nil {
			return err
		}
	}
	for k, from := range t.g.from {
		if from == "" {
			return errors.Errorf("axis %s is the length of no axis of an input: declare an input with it", t.Axes[k].Name)
		}
	}
	for _, n := range t.Nodes {
		if n.Kind == graph.InputNode {
			continue
		}
		name, err := t.node(n)
		if err != nil {
			return errors.WithMessage(err, cmp.Or(n.Path, describe(n)))
		}
		t.names[n] = name
	}
	t.outputs()
	return nil
}

// checkNames returns an error if Names or Masks has a name that the model lacks.
func (t *translation) checkNames() error {
	var inputs, all []string
	for _, n := range t.Inputs {
		inputs = append(inputs, n.Name)
	}
	all = slices.Clone(inputs)
	for _, o := range t.Outputs {
		all = append(all, o.Name)
	}
	for _, name := range slices.Sorted(maps.Keys(t.Names)) {
		if !slices.Contains(all, name) {
			return errors.Errorf("Names has %s: want one of %s", name, strings.Join(all, ", "))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Masks)) {
		if m := t.Masks[name]; !slices.Contains(inputs, name) || !slices.Contains(inputs, m.Like) || m.Name == "" {
			return errors.Errorf("Masks has %s with Name %q and Like %q: want a name, and inputs of the model: %s", name, m.Name, m.Like, strings.Join(inputs, ", "))
		}
	}
	return nil
}

// input adds an input, or the mask that replaces it.
func (t *translation) input(n *graph.Node) error {
	m, masked := t.Masks[n.Name]
	like := n
	name := cmp.Or(t.Names[n.Name], n.Name)
	if masked {
		name = m.Name
		like = t.Inputs[slices.IndexFunc(t.Inputs, func(o *graph.Node) bool { return o.Name == m.Like })]
		if shape := t.shapes[like]; len(n.Shape) != 1 || len(shape) != 2 || !shape[0].isSame(t.shapes[n][0]) || n.Dtype != tensor.Int32 {
			return errors.Errorf("Masks: input %s of shape %v and %s of shape %v: want int32 (B) and (B, T)", n.Name, n.Shape, like.Name, like.Shape)
		}
	}
	v := Value{Name: name, Type: Float32, Shape: t.dims(t.shapes[like])}
	if n.Dtype == tensor.Int32 {
		v.Type = Int64
	}
	t.g.model.Inputs = append(t.g.model.Inputs, v)
	t.g.used[name]++
	for axis, s := range t.shapes[like] {
		if k := s.axis(); k >= 0 && t.g.from[k] == "" {
			t.g.from[k] = t.g.guard(t.g.AddWith("Shape", []Attr{{"start", axis}, {"end", axis + 1}}, name), t.Axes[k].Max)
		}
	}
	t.names[n] = name
	if masked {
		t.names[n] = t.g.AddWith("ReduceSum", []Attr{{"keepdims", 0}}, name, t.g.Ints(1))
		t.g.masks[t.names[n]] = mask{name, t.shapes[like][1]}
	}
	return nil
}

func (t *translation) dims(shape []Size) []Dim {
	all := make([]Dim, len(shape))
	for i, s := range shape {
		if n, ok := s.Const(); ok {
			all[i].Size = n
		} else {
			all[i].Name = s.text(t.Axes)
		}
	}
	return all
}

// node translates a node that is no input and returns the name of its value.
func (t *translation) node(n *graph.Node) (string, error) {
	t.g.path = n.Path
	switch n.Kind {
	case graph.ParamNode:
		value := n.Tensor()
		if value == nil {
			return "", errors.New("the weight has no values: build the model and load its weights first")
		}
		return t.g.Weight(Tensor{n.Name, n.Shape, value.Float32s()}), nil
	case graph.ConstantNode:
		return t.constant(n)
	case graph.StateNode:
		return "", errors.New("a state has no translation: declare the model without caches")
	}
	if isSlice(n) {
		return t.slice(n)
	}
	switch op := n.Op.(type) {
	case *ops.View:
		return t.g.Reshape(t.names[n.In[0]], t.shapes[n.In[0]], t.shapes[n]), nil
	case *ops.Op:
		c := Call{Op: op, Out: t.shapes[n]}
		for _, in := range n.In {
			c.In = append(c.In, Operand{t.names[in], t.shapes[in], in.Dtype})
		}
		rule := t.Rules[op.Name]
		if rule == nil {
			rule = rules[op.Name]
		}
		if rule == nil {
			return "", errors.Errorf("operation %s has no translation: add one to Rules", op.Name)
		}
		return rule(t.g, c)
	}
	return "", errors.Errorf("operation %v of Gorgonia has no translation: use an operation of package ops", n.Op)
}

func (t *translation) slice(n *graph.Node) (string, error) {
	axis, lo, err := t.start(n)
	if err != nil {
		return "", err
	}
	hi := t.shapes[n][axis].plus(lo)
	return t.g.Slice(t.names[n.In[0]], axis, t.g.Length(lo), t.g.Length(hi)), nil
}

// outputs gives the outputs their names.
func (t *translation) outputs() {
	t.g.path = ""
	for _, o := range t.Outputs {
		name := cmp.Or(t.Names[o.Name], o.Name)
		t.g.model.Nodes = append(t.g.model.Nodes, Node{Op: "Identity", Name: t.g.unique("output " + name), In: []string{t.names[o.Node]}, Out: []string{name}})
		t.g.model.Outputs = append(t.g.model.Outputs, Value{name, Float32, t.dims(t.shapes[o.Node])})
	}
}
