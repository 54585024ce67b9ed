package onnx

import (
	"fmt"
	"math"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// attending is an Attention in translation. A missing operand has no name.
type attending struct {
	ops.AttentionOptions
	*Graph
	in      map[string]Operand // by role
	q, k, v string             // (B, T, H·D), (B, S, K·D) and (B, S, K·D)
	t, s    Size
	d       int // width of a head
}

// attention translates Attention, and the probabilities and the scores alone.
func attention(g *Graph, c Call) (string, error) {
	a := attending{AttentionOptions: c.Op.Attrs[0].(ops.AttentionOptions), Graph: g, in: map[string]Operand{}}
	for i, role := range c.Op.Attrs[1].(ops.Roles) {
		a.in[role] = c.In[i]
	}
	switch {
	case a.in["Past"].Name != "":
		return "", errors.New("attention with a Past has no translation: declare the model without caches")
	case a.Dropout > 0:
		return "", errors.New("attention with dropout has no translation: declare the model in mode Eval")
	}
	if a.KVHeads == 0 {
		a.KVHeads = a.Heads
	}
	if err := a.unpack(); err != nil {
		return "", err
	}
	scores, mask := a.scores(), a.mask()
	if c.Op.Name == "AttentionScores" {
		return a.hide(mask, scores, math.Inf(-1)), nil
	}
	p := g.AddWith("Softmax", []Attr{{"axis", -1}}, a.hide(mask, scores, -math.MaxFloat32)) // (B, H, T, S)
	if a.in["Lengths"].Name != "" || a.in["Starts"].Name != "" || a.in["Ends"].Name != "" {
		p = a.hide(mask, p, 0) // a query that sees no key gives zeros
	}
	if c.Op.Name == "AttentionProbabilities" {
		return p, nil
	}
	z := g.Add("MatMul", p, a.heads(a.v, a.KVHeads))                                    // (B, H, T, D)
	return g.Add("Reshape", g.Transpose(z, 0, 2, 1, 3), g.Ints(0, 0, a.Heads*a.d)), nil // (B, T, H·D)
}

// unpack separates the queries, keys and values.
func (a *attending) unpack() error {
	q, k, v := a.in["Q"], a.in["K"], a.in["V"]
	width, ok := q.Shape[2].Const()
	if !ok {
		return errors.New("the number of channels depends on the sizes")
	}
	a.q, a.k, a.v, a.t, a.s = q.Name, k.Name, v.Name, q.Shape[1], q.Shape[1]
	heads := a.Heads
	if k.Name == "" {
		heads += 2 * a.KVHeads
	} else {
		a.s = k.Shape[1]
	}
	a.d = width / heads
	kv := a.KVHeads * a.d
	switch {
	case k.Name == "":
		parts := a.Split(q.Name, 2, a.Heads*a.d, kv, kv)
		a.q, a.k, a.v = parts[0], parts[1], parts[2]
	case v.Name == "":
		parts := a.Split(k.Name, 2, kv, kv)
		a.k, a.v = parts[0], parts[1]
	}
	return nil
}

// heads separates the heads of x and repeats those of keys and values for their queries: (B, T, n·D) → (B, H, T, D).
func (a *attending) heads(x string, n int) string {
	x = a.Transpose(a.Add("Reshape", x, a.Ints(0, 0, n, a.d)), 0, 2, 1, 3) // (B, n, T, D)
	if n == a.Heads {
		return x
	}
	x = a.Add("Unsqueeze", x, a.Ints(2))
	x = a.Add("Expand", x, a.Ints(1, 1, a.Heads/n, 1, 1))   // (B, n, H/n, T, D)
	return a.Add("Reshape", x, a.Ints(0, a.Heads, -1, a.d)) // (B, H, T, D)
}

// scores returns the scores of all keys: (B, H, T, S).
func (a *attending) scores() string {
	scale := a.Scale
	if scale == 0 {
		scale = 1 / math.Sqrt(float64(a.d))
	}
	q, k := a.heads(a.q, a.Heads), a.heads(a.k, a.KVHeads)
	e := a.Add("MatMul", a.Add("Mul", q, a.Float(scale)), a.Transpose(k, 0, 1, 3, 2))
	if a.Softcap != 0 {
		e = a.Add("Mul", a.Add("Tanh", a.Add("Div", e, a.Float(a.Softcap))), a.Float(a.Softcap))
	}
	if bias := a.in["Bias"].Name; bias != "" {
		e = a.Add("Add", e, bias)
	}
	if bias := a.in["Distance"].Name; bias != "" {
		e = a.Add("Add", e, a.distance(bias))
	}
	return e
}

// distance spreads a bias by distance: (H, T+S−1) → (H, T, S). Element j−i+T−1 belongs to query i and key j.
func (a *attending) distance(bias string) string {
	return a.once(a.key("distance "+bias), func() string {
		i := a.Add("Unsqueeze", a.Range(a.t), a.Ints(1)) // (T, 1)
		last := a.Length(a.t.plus(Size{-1}))
		return a.AddWith("Gather", []Attr{{"axis", 1}}, bias, a.Add("Add", a.Add("Sub", a.Range(a.s), i), last))
	})
}

// key adds the numbers of queries and keys to the key of a shared value.
func (a *attending) key(name string) string {
	return fmt.Sprintf("%s %s, %s", name, a.t.text(a.axes), a.s.text(a.axes))
}

// hide replaces elements of x that mask excludes. An empty mask excludes none.
func (a *attending) hide(mask, x string, by float64) string {
	if mask == "" {
		return x
	}
	return a.Add("Where", mask, x, a.Float(by))
}

// mask returns whether each query sees each key, bool with axes that broadcast to (B, 1, T, S), or "" if all see all.
func (a *attending) mask() string {
	lengths, starts, ends := a.in["Lengths"], a.in["Starts"], a.in["Ends"]
	key := fmt.Sprintf("mask %t %d %s %s %s", a.Causal, a.Window, lengths.Name, starts.Name, ends.Name)
	return a.once(a.key(key), func() string {
		mask := ""
		and := func(m string) {
			if mask == "" {
				mask = m
			} else {
				mask = a.Add("And", mask, m)
			}
		}
		j := a.Range(a.s)
		if a.Causal {
			and(a.Add("LessOrEqual", j, a.positions()))
		}
		if a.Window > 0 {
			and(a.Add("Greater", j, a.Add("Sub", a.positions(), a.Int(a.Window)))) // (T, S)
			if !a.Causal {
				and(a.Add("Less", j, a.Add("Add", a.positions(), a.Int(a.Window))))
			}
		}
		if lengths.Name != "" {
			and(a.Add("Unsqueeze", visible(a.Graph, lengths, a.s), a.Ints(1, 2))) // (B, 1, 1, S)
		}
		if starts.Name != "" {
			and(a.Add("GreaterOrEqual", j, a.Add("Unsqueeze", int64s(a.Graph, starts), a.Ints(1, 3)))) // (B, 1, T, S)
		}
		if ends.Name != "" {
			and(a.Add("Less", j, a.Add("Unsqueeze", int64s(a.Graph, ends), a.Ints(1, 3)))) // (B, 1, T, S)
		}
		return mask
	})
}

// positions returns the position of each query among the keys: (T, 1).
func (a *attending) positions() string {
	return a.once(a.key("positions"), func() string {
		p := a.Add("Unsqueeze", a.Range(a.t), a.Ints(1))
		if past := a.s.minus(a.t); !past.isSame(Size{0}) {
			p = a.Add("Add", p, a.Length(past))
		}
		return p
	})
}
