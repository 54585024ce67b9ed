package onnx

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// rules holds the translations of the operations of packages ops and layers, by name.
var rules map[string]Rule

func init() {
	rules = map[string]Rule{
		"Add": operator("Add"), "Sub": operator("Sub"), "Mul": operator("Mul"), "Div": operator("Div"),
		"Linear": linear, "MatMul": matMul, "Scale": scale, "SwiGLU": swiGLU,
		"LayerNorm": layerNorm, "RMSNorm": rmsNorm, "Softmax": softmax, "LogSoftmax": softmax,
		"Embedding": embedding, "PaddedPositions": paddedPositions, "RoPE": rope,
		"Transpose": transpose, "Concat": concat, "MeanPool": meanPool, "LastPool": lastPool,
		"RelativeSpread": relativeSpread, "RelativeCollect": relativeCollect,
		"Attention": attention, "AttentionProbabilities": attention, "AttentionScores": attention,
	}
	for act := kernel.Identity; act <= kernel.Sigmoid; act++ {
		rules[act.String()] = func(g *Graph, c Call) (string, error) { return activate(g, act, c.In[0].Name), nil }
	}
}

// operator translates an operation that ONNX has with the same broadcasting.
func operator(op string) Rule {
	return func(g *Graph, c Call) (string, error) { return g.Add(op, c.In[0].Name, c.In[1].Name), nil }
}

func linear(g *Graph, c Call) (string, error) {
	w := c.In[1].Name
	if inOut := c.Op.Attrs[0].(bool); !inOut {
		w = g.once("transposed "+w, func() string { return g.Transpose(w, 1, 0) })
	}
	y := g.Add("MatMul", c.In[0].Name, w)
	if len(c.In) == 3 {
		y = g.Add("Add", y, c.In[2].Name)
	}
	return activate(g, c.Op.Attrs[1].(kernel.Activation), y), nil
}

func matMul(g *Graph, c Call) (string, error) {
	in := []string{c.In[0].Name, c.In[1].Name}
	for i := range in {
		if c.Op.Attrs[i].(bool) {
			in[i] = g.Transpose(in[i], swapLast(len(c.In[i].Shape))...)
		}
	}
	return g.Add("MatMul", in...), nil
}

// swapLast returns the permutation that exchanges the last two of n axes.
func swapLast(n int) []int {
	axes := make([]int, n)
	for i := range axes {
		axes[i] = i
	}
	axes[n-1], axes[n-2] = n-2, n-1
	return axes
}

func scale(g *Graph, c Call) (string, error) {
	return g.Add("Mul", c.In[0].Name, g.Float(c.Op.Attrs[0].(float64))), nil
}

func swiGLU(g *Graph, c Call) (string, error) {
	return g.Add("Mul", activate(g, kernel.SiLU, c.In[0].Name), c.In[1].Name), nil
}

// activate applies an activation to x. The formulas are those of package ops.
func activate(g *Graph, act kernel.Activation, x string) string {
	switch act {
	case kernel.ReLU:
		return g.Add("Relu", x)
	case kernel.Tanh:
		return g.Add("Tanh", x)
	case kernel.Sigmoid:
		return g.Add("Sigmoid", x)
	case kernel.SiLU:
		return g.Add("Mul", x, g.Add("Sigmoid", x))
	case kernel.GELU:
		y := g.Add("Add", g.Add("Erf", g.Add("Div", x, g.Float(math.Sqrt2))), g.Float(1))
		return g.Add("Mul", g.Add("Mul", x, y), g.Float(0.5))
	case kernel.GELUTanh:
		y := g.Add("Mul", g.Add("Mul", g.Add("Mul", x, x), x), g.Float(0.044715))
		y = g.Add("Tanh", g.Add("Mul", g.Add("Add", x, y), g.Float(math.Sqrt(2/math.Pi))))
		return g.Add("Mul", g.Add("Mul", x, g.Add("Add", y, g.Float(1))), g.Float(0.5))
	}
	return x
}

func layerNorm(g *Graph, c Call) (string, error) {
	in := []string{c.In[0].Name}
	for _, o := range c.In[1:] {
		in = append(in, o.Name)
	}
	if len(in) == 1 { // ONNX needs a weight
		w := g.Add("Expand", g.Float(1), g.Shape(c.In[0].Shape[len(c.In[0].Shape)-1:]))
		in = append(in, w)
	}
	return g.AddWith("LayerNormalization", []Attr{{"axis", -1}, {"epsilon", float32(c.Op.Attrs[0].(float64))}}, in...), nil
}

func rmsNorm(g *Graph, c Call) (string, error) {
	x := c.In[0].Name
	n, ok := c.In[0].Shape[len(c.In[0].Shape)-1].Const()
	if !ok {
		return "", errors.New("the number of channels depends on the sizes")
	}
	y := g.Add("ReduceSum", g.Add("Mul", x, x), g.Ints(-1))
	y = g.Add("Add", g.Add("Mul", y, g.Float(1/float64(n))), g.Float(c.Op.Attrs[0].(float64)))
	y = g.Add("Div", x, g.Add("Sqrt", y))
	if len(c.In) == 2 {
		y = g.Add("Mul", y, c.In[1].Name)
	}
	return y, nil
}

// softmax translates Softmax and LogSoftmax. Elements of −Inf give 0 and −Inf, also in a row without other elements.
func softmax(g *Graph, c Call) (string, error) {
	x, hidden := c.In[0].Name, 0.0
	if c.Op.Name == "LogSoftmax" {
		hidden = math.Inf(-1)
	}
	y := g.AddWith(c.Op.Name, []Attr{{"axis", -1}}, x)
	return g.Add("Where", g.Add("Equal", x, g.Float(math.Inf(-1))), g.Float(hidden), y), nil
}

func embedding(g *Graph, c Call) (string, error) {
	return g.Add("Gather", c.In[0].Name, c.In[1].Name), nil
}

func transpose(g *Graph, c Call) (string, error) {
	return g.Transpose(c.In[0].Name, c.Op.Attrs[0].([]int)...), nil
}

func concat(g *Graph, c Call) (string, error) {
	var in []string
	for _, o := range c.In {
		in = append(in, o.Name)
	}
	return g.AddWith("Concat", []Attr{{"axis", c.Op.Attrs[0].(int)}}, in...), nil
}

// paddedPositions looks up the positions of tokens that are not padding, counted from the padding's id.
func paddedPositions(g *Graph, c Call) (string, error) {
	pad := c.Op.Attrs[0].(int)
	counts := g.Cast(g.Add("Not", g.Add("Equal", int64s(g, c.In[1]), g.Int(pad))), Int64)
	positions := g.Add("Mul", g.Add("CumSum", counts, g.Int(1)), counts)
	return g.Add("Gather", c.In[0].Name, g.Add("Add", positions, g.Int(pad))), nil
}

// int64s converts ids to int64: constants are int32.
func int64s(g *Graph, o Operand) string {
	if o.Dtype == tensor.Int32 {
		return g.once("int64 "+o.Name, func() string { return g.Cast(o.Name, Int64) })
	}
	return o.Name
}
