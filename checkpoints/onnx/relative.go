package onnx

import (
	"math"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// distances is an operation on distances in translation: see layers.Shaw. Distances beyond most count as most.
type distances struct {
	attending
	mask bool // hide keys that a query does not see
	most int
}

func newDistances(g *Graph, c Call, keys Size) (distances, error) {
	at := c.Op.Attrs
	d := distances{mask: at[0].(bool), most: at[1].(int)}
	d.attending = attending{
		AttentionOptions: at[2].(ops.AttentionOptions), Graph: g, in: map[string]Operand{}, t: c.In[0].Shape[2], s: keys,
	}
	for i, role := range at[3].(ops.Roles) {
		d.in[role] = c.In[i]
	}
	if d.in["Past"].Name != "" {
		return d, errors.New("distances with a Past have no translation: declare the model without caches")
	}
	return d, nil
}

// index returns the number of the distance of each key from each query, 0 … 2·most: (T, S).
func (d distances) index() string {
	return d.once(d.key("distances "+d.Ints(d.most)), func() string {
		i := d.Add("Sub", d.Range(d.s), d.attending.positions())
		i = d.Add("Max", d.Add("Min", i, d.Int(d.most)), d.Int(-d.most))
		return d.Add("Add", i, d.Int(d.most))
	})
}

// relativeSpread gives each query and key the element of their distance: (B, H, T, 2·most+1) → (B, H, T, S).
func relativeSpread(g *Graph, c Call) (string, error) {
	d, err := newDistances(g, c, c.Out[3])
	if err != nil {
		return "", err
	}
	i := g.Add("Expand", d.index(), g.Shape(c.Out))
	x := g.AddWith("GatherElements", []Attr{{"axis", 3}}, c.In[0].Name, i)
	if d.mask {
		x = d.hide(d.attending.mask(), x, math.Inf(-1))
	}
	return x, nil
}

// relativeCollect sums the elements of equal distance: (B, H, T, S) → (B, H, T, 2·most+1).
func relativeCollect(g *Graph, c Call) (string, error) {
	d, err := newDistances(g, c, c.In[0].Shape[3])
	if err != nil {
		return "", err
	}
	is := g.Add("Equal", g.Add("Unsqueeze", d.index(), g.Ints(-1)), g.Range(Size{2*d.most + 1})) // (T, S, 2·most+1)
	x := g.Add("MatMul", g.Add("Unsqueeze", c.In[0].Name, g.Ints(3)), g.Cast(is, Float32))       // (B, H, T, 1, 2·most+1)
	return g.Add("Squeeze", x, g.Ints(3)), nil
}
