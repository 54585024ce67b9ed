package onnx

import (
	"fmt"
	"slices"
	"strings"
)

// Graph is a Model under construction, for a Rule to add nodes to. Its methods return names of values.
type Graph struct {
	model  *Model
	axes   []Axis
	path   string            // of the operation under translation
	used   map[string]int    // number of uses of a name
	cached map[string]string // values that several operations share
	masks  map[string]mask   // that replace lengths, by the name of the lengths
	from   []string          // for each of the Axes, a value of its length
}

// mask is an input that a Mask declares.
type mask struct {
	name   string
	length Size
}

// Add adds a node with one result.
func (g *Graph) Add(op string, in ...string) string { return g.AddWith(op, nil, in...) }

// AddWith adds a node with attributes and one result.
func (g *Graph) AddWith(op string, attrs []Attr, in ...string) string {
	return g.node(op, 1, attrs, in)[0]
}

// Split cuts x along an axis into parts of the given lengths.
func (g *Graph) Split(x string, axis int, lengths ...int) []string {
	return g.node("Split", len(lengths), []Attr{{"axis", axis}}, []string{x, g.Ints(lengths...)})
}

func (g *Graph) node(op string, results int, attrs []Attr, in []string) []string {
	n := Node{Op: op, Name: g.unique(op), In: slices.Clone(in), Attrs: attrs}
	for i := range results {
		out := n.Name
		if results > 1 {
			out = fmt.Sprintf("%s.%d", n.Name, i)
		}
		n.Out = append(n.Out, out)
	}
	g.model.Nodes = append(g.model.Nodes, n)
	return n.Out
}

// unique returns a new name that begins with the path of the operation.
func (g *Graph) unique(name string) string {
	if g.path != "" {
		name = g.path + "/" + name
	}
	g.used[name]++
	if n := g.used[name]; n > 1 {
		return fmt.Sprintf("%s_%d", name, n)
	}
	return name
}

// once returns the value of a key, which make makes at its first use.
func (g *Graph) once(key string, make func() string) string {
	if name, ok := g.cached[key]; ok {
		return name
	}
	path := g.path
	g.path = "shared"
	name := make()
	g.path = path
	g.cached[key] = name
	return name
}

// Weight adds a constant.
func (g *Graph) Weight(t Tensor) string {
	g.model.Weights = append(g.model.Weights, t)
	return t.Name
}

// Ints returns a constant vector of type int64.
func (g *Graph) Ints(v ...int) string {
	data := make([]int64, len(v))
	for i, x := range v {
		data[i] = int64(x)
	}
	name := "ints" + strings.ReplaceAll(fmt.Sprint(v), " ", ",")
	return g.once(name, func() string {
		return g.Weight(Tensor{Name: g.unique(name), Shape: []int{len(v)}, Data: data})
	})
}

// Int returns a constant of type int64 without axes.
func (g *Graph) Int(v int) string {
	name := fmt.Sprintf("int(%d)", v)
	return g.once(name, func() string {
		return g.Weight(Tensor{Name: g.unique(name), Shape: []int{}, Data: []int64{int64(v)}})
	})
}

// Float returns a constant of type float32 without axes.
func (g *Graph) Float(v float64) string {
	name := fmt.Sprintf("float(%v)", float32(v))
	return g.once(name, func() string {
		return g.Weight(Tensor{Name: g.unique(name), Shape: []int{}, Data: []float32{float32(v)}})
	})
}

// Cast converts x to another type.
func (g *Graph) Cast(x string, t Type) string { return g.AddWith("Cast", []Attr{{"to", int(t)}}, x) }

// Length returns a length as a vector of one int64.
func (g *Graph) Length(s Size) string {
	if n, ok := s.Const(); ok {
		return g.Ints(n)
	}
	return g.once("length "+s.text(g.axes), func() string {
		sum := ""
		for i := len(s) - 1; i >= 0; i-- {
			if s[i] == 0 {
				continue
			}
			term := ""
			for k, from := range g.from {
				switch {
				case i&(1<<k) == 0:
				case term == "":
					term = from
				default:
					term = g.Add("Mul", term, from)
				}
			}
			switch {
			case term == "":
				term = g.Ints(s[i])
			case s[i] != 1:
				term = g.Add("Mul", term, g.Ints(s[i]))
			}
			if sum == "" {
				sum = term
			} else {
				sum = g.Add("Add", sum, term)
			}
		}
		return sum
	})
}

// guard returns the length n, a vector of one int64. A run fails if it exceeds most, unless most is 0: ONNX has no assertions, but Gather
// refuses an index outside its operand.
func (g *Graph) guard(n string, most int) string {
	if most == 0 {
		return n
	}
	zeros := g.Add("Expand", g.Int(0), g.Ints(most+1))
	return g.Add("Add", n, g.Add("Gather", zeros, n))
}

// Range returns 0, 1, …, s−1 of type int64.
func (g *Graph) Range(s Size) string {
	return g.once("range "+s.text(g.axes), func() string {
		return g.Add("Range", g.Int(0), g.Add("Squeeze", g.Length(s), g.Ints(0)), g.Int(1))
	})
}

// Reshape gives x of shape from the shape to.
func (g *Graph) Reshape(x string, from, to []Size) string {
	parts, free := make([]int, len(to)), false
	var rest []int
	for i, s := range to {
		switch n, ok := s.Const(); {
		case ok:
			parts[i] = n
		case i < len(from) && s.isSame(from[i]): // 0 keeps the length
		case !free:
			parts[i], free = -1, true
		default:
			rest = append(rest, i)
		}
	}
	if len(rest) == 0 {
		return g.Add("Reshape", x, g.Ints(parts...))
	}
	return g.Add("Reshape", x, g.Shape(to))
}

// Shape returns lengths as a vector.
func (g *Graph) Shape(s []Size) string {
	all := make([]string, len(s))
	for i := range s {
		all[i] = g.Length(s[i])
	}
	return g.AddWith("Concat", []Attr{{"axis", 0}}, all...)
}

// Transpose permutes the axes of x.
func (g *Graph) Transpose(x string, axes ...int) string {
	return g.AddWith("Transpose", []Attr{{"perm", axes}}, x)
}

// Slice returns the elements lo ≤ i < hi of an axis of x. lo and hi are vectors of one int64.
func (g *Graph) Slice(x string, axis int, lo, hi string) string {
	return g.Add("Slice", x, lo, hi, g.Ints(axis))
}
