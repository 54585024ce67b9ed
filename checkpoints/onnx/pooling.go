package onnx

// meanPool translates MeanPool. Vectors that do not count have no influence. The mean of none is zero.
func meanPool(g *Graph, c Call) (string, error) {
	x, t := c.In[0].Name, c.In[0].Shape[1]
	if len(c.In) == 1 {
		return g.Add("Div", sum(g, x), g.Cast(g.Length(t), Float32)), nil
	}
	seen := visible(g, c.In[1], t) // (B, T)
	n := g.AddWith("ReduceSum", nil, g.Cast(seen, Int64), g.Ints(1))
	n = g.Cast(g.Add("Max", n, g.Int(1)), Float32) // (B, 1)
	return g.Add("Div", sum(g, where(g, seen, x)), n), nil
}

// lastPool translates LastPool. The last of no vectors is zero.
func lastPool(g *Graph, c Call) (string, error) {
	x, t := c.In[0].Name, c.In[0].Shape[1]
	last := g.Add("Sub", g.Length(t), g.Int(1)) // (1)
	if len(c.In) == 2 {
		last = g.Add("Unsqueeze", g.Add("Sub", int64s(g, c.In[1]), g.Int(1)), g.Ints(1)) // (B, 1)
	} else {
		last = g.Add("Unsqueeze", last, g.Ints(0)) // (1, 1)
	}
	return sum(g, where(g, g.Add("Equal", g.Range(t), last), x)), nil // (B, C)
}

// sum sums over the vectors: (B, T, C) → (B, C).
func sum(g *Graph, x string) string {
	return g.AddWith("ReduceSum", []Attr{{"keepdims", 0}}, x, g.Ints(1))
}

// where returns the vectors x, (B, T, C), that seen, (B, T), selects. The others are zero.
func where(g *Graph, seen, x string) string {
	return g.Add("Where", g.Add("Unsqueeze", seen, g.Ints(2)), x, g.Float(0))
}

// visible returns whether each of n elements counts: → bool (B, n).
func visible(g *Graph, lengths Operand, n Size) string {
	if m, ok := g.masks[lengths.Name]; ok && m.length.isSame(n) {
		return g.once("visible "+lengths.Name, func() string { return g.Cast(m.name, Bool) })
	}
	return g.once("visible "+lengths.Name+" "+n.text(g.axes), func() string {
		return g.Add("Less", g.Range(n), g.Add("Unsqueeze", int64s(g, lengths), g.Ints(1)))
	})
}
