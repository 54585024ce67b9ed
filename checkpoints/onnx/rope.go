package onnx

import (
	"fmt"
	"math"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// rotation is a RoPE in translation.
type rotation struct {
	*Graph
	frequencies ops.Frequencies
	factor      float64
	interleaved bool
	inverse     bool
}

// rope translates RoPE: heads that rotate come first in a row, channels that rotate come first in a head.
func rope(g *Graph, c Call) (string, error) {
	at := c.Op.Attrs
	d, heads := at[0].(int), at[1].(int)
	r := rotation{g, at[2].(ops.Frequencies), at[3].(float64), at[4].(bool), at[5].(bool)}
	width, ok := c.In[0].Shape[2].Const()
	if !ok {
		return "", errors.New("the number of channels depends on the sizes")
	}
	if heads == 0 {
		heads = width / d
	}
	cos, sin := r.angles(c)
	x, rest := r.first(c.In[0].Name, 2, heads*d, width)
	x = g.Add("Reshape", x, g.Ints(0, 0, heads, d)) // (B, T, heads, D)
	x, still := r.first(x, 3, 2*len(r.frequencies), d)
	x = r.join(3, r.rotate(x, heads, cos, sin), still)
	return r.join(2, g.Add("Reshape", x, g.Ints(0, 0, heads*d)), rest), nil
}

// first cuts off the first n of width elements of an axis. rest is "" if there are no others.
func (r rotation) first(x string, axis, n, width int) (first, rest string) {
	if n == width {
		return x, ""
	}
	parts := r.Split(x, axis, n, width-n)
	return parts[0], parts[1]
}

// join undoes first.
func (r rotation) join(axis int, first, rest string) string {
	if rest == "" {
		return first
	}
	return r.AddWith("Concat", []Attr{{"axis", axis}}, first, rest)
}

// rotate turns the pairs of channels: (B, T, heads, 2n) → (B, T, heads, 2n).
func (r rotation) rotate(x string, heads int, cos, sin string) string {
	n, axis, width := len(r.frequencies), 3, len(r.frequencies)
	if r.interleaved {
		x, axis, width = r.Add("Reshape", x, r.Ints(0, 0, heads, n, 2)), 4, 1 // (B, T, heads, n, 2)
		cos, sin = r.Add("Unsqueeze", cos, r.Ints(-1)), r.Add("Unsqueeze", sin, r.Ints(-1))
	}
	parts := r.Split(x, axis, width, width)
	a, b := parts[0], parts[1]
	y := r.Add("Sub", r.Add("Mul", a, cos), r.Add("Mul", b, sin))
	z := r.Add("Add", r.Add("Mul", b, cos), r.Add("Mul", a, sin))
	x = r.AddWith("Concat", []Attr{{"axis", axis}}, y, z)
	if r.interleaved {
		x = r.Add("Reshape", x, r.Ints(0, 0, heads, 2*n))
	}
	return x
}

// angles returns the cosines and sines of all positions: (T, 1, n), or (B, T, 1, n) with positions. The angles are computed in float64
// and reduced to a turn, so that far positions are exact.
func (r rotation) angles(c Call) (cos, sin string) {
	positions, time := "", c.In[0].Shape[1]
	if len(c.In) > 1 {
		positions = c.In[1].Name
	}
	key := fmt.Sprint("angles ", positions, time, []float64(r.frequencies), r.factor, r.inverse)
	angles := r.once(key, func() string {
		p := positions
		if p == "" {
			p = r.Range(time)
		}
		p = r.Add("Unsqueeze", r.Cast(p, Float64), r.Ints(-1))
		f := r.Weight(Tensor{r.unique("frequencies"), []int{len(r.frequencies)}, []float64(r.frequencies)})
		turn := r.once("turn", func() string { return r.Weight(Tensor{r.unique("turn"), []int{}, []float64{2 * math.Pi}}) })
		a := r.Add("Mul", p, f)
		a = r.Add("Sub", a, r.Add("Mul", r.Add("Floor", r.Add("Div", a, turn)), turn))
		return r.Add("Unsqueeze", r.Cast(a, Float32), r.Ints(-2))
	})
	sign := r.factor
	if r.inverse {
		sign = -sign
	}
	cos = r.once("cos "+key, func() string { return r.Add("Mul", r.Add("Cos", angles), r.Float(r.factor)) })
	sin = r.once("sin "+key, func() string { return r.Add("Mul", r.Add("Sin", angles), r.Float(sign)) })
	return cos, sin
}
