package kernel_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// randomAttention returns n small cases with random combinations of all options.
func randomAttention(n int) []attentionCase {
	r := rand.New(rand.NewPCG(11, 1))
	maybe := func() bool { return r.IntN(3) == 0 }
	cases := make([]attentionCase, n)
	for i := range cases {
		kv := 1 + r.IntN(2)
		c := attentionCase{
			b: 1 + r.IntN(2), kv: kv, h: kv * (1 + r.IntN(2)), tq: 1 + r.IntN(5), tk: 1 + r.IntN(6), d: 1 + r.IntN(3),
			causal: r.IntN(2) == 0, headFirst: maybe(),
		}
		ints := func(n, limit int) []int32 {
			x := make([]int32, n)
			for k := range x {
				x[k] = int32(r.IntN(limit + 1))
			}
			return x
		}
		if maybe() {
			c.window = 1 + r.IntN(4)
		}
		if maybe() {
			c.lengths = ints(c.b, c.tk)
		}
		if maybe() {
			c.starts = ints(c.b*c.tq, c.tk)
		}
		if maybe() {
			c.ends = ints(c.b*c.tq, c.tk)
		}
		if maybe() {
			c.softcap = 0.5 + r.Float64()
		}
		if maybe() {
			c.dropout = 0.4
		}
		c.bias = []string{"", "", "", "", "-", "b", "h", "bh"}[r.IntN(8)]
		c.distance = []string{"", "-", "h"}[r.IntN(3)]
		if maybe() && c.tq <= c.tk {
			c.past = ints(c.b, c.tk-c.tq)
			c.causal = c.causal || c.distance != "" // some later keys have no distance in the table
		}
		cases[i] = c
	}
	return cases
}

func testAttentionRandom[T kernel.Float](t *testing.T) {
	for _, c := range randomAttention(400) {
		a := newAttention[T](c)
		if err := a.Check(); err != nil {
			t.Fatalf("%+v: %v", c, err)
		}
		want, _ := attentionReference(a)
		o := output(a)
		a.Forward(o, kernel.Normalizer[T]{})
		near(t, fmt.Sprintf("%+v", c), o.Data, want, 100*epsilon[T]())
	}
}

func TestAttentionRandom(t *testing.T) {
	bothTypes(t, testAttentionRandom[float32], testAttentionRandom[float64])
}

// TestAttentionSubsets computes each gradient with some of the others. Its bits must stay the same.
func TestAttentionSubsets(t *testing.T) {
	for _, c := range slices.Concat(randomAttention(20), largeAttention[7:]) {
		a := newAttention[float32](c)
		do := output(a)
		do.Data = randoms[float32](len(do.Data), 8)
		want := attentionGrads(a, do)
		for set := range 1 << 5 {
			g := attentionGrads(a, do)
			if set&1 > 0 {
				g.DQ.Data = nil
			}
			if set&2 > 0 {
				g.DK.Data = nil
			}
			if set&4 > 0 {
				g.DV.Data = nil
			}
			if set&8 > 0 {
				g.DBias = nil
			}
			if set&16 > 0 {
				g.DDistance = nil
			}
			a.Backward(g)
			name := fmt.Sprintf("%+v without %b", c, set)
			same(t, name+": dq", g.DQ.Data, want.DQ.Data[:len(g.DQ.Data)])
			same(t, name+": dk", g.DK.Data, want.DK.Data[:len(g.DK.Data)])
			same(t, name+": dv", g.DV.Data, want.DV.Data[:len(g.DV.Data)])
			same(t, name+": dbias", g.DBias, want.DBias[:len(g.DBias)])
			same(t, name+": ddistance", g.DDistance, want.DDistance[:len(g.DDistance)])
		}
	}
}

// TestAttentionIsolation changes all queries, keys and values outside a document. No bit of the outputs and gradients of the
// document may change.
func TestAttentionIsolation(t *testing.T) {
	for _, lo := range []int{1, 63, 64, 70, 131} {
		const n, hi = 200, 150
		for _, c := range []attentionCase{
			{b: 1, h: 4, kv: 2, tq: n, tk: n, d: 16, causal: true, starts: documents(n, lo, hi)},
			{b: 1, h: 2, kv: 2, tq: n, tk: n, d: 16, starts: documents(n, lo, hi), ends: documentEnds(n, lo, hi), distance: "h", softcap: 3},
		} {
			a := newAttention[float32](c)
			do := output(a)
			do.Data = randoms[float32](len(do.Data), 8)
			g := attentionGrads(a, do)
			changed := a
			for k, x := range []*kernel.Heads[float32]{&changed.Q, &changed.K, &changed.V} {
				x.Data = clone(x.Data)
				other := randoms[float32](n*c.h*c.d, 90+uint64(k))
				index([]int{n, []int{c.h, c.kv, c.kv}[k], c.d}, func(at []int) {
					if at[0] < lo || at[0] >= hi {
						x.Data[at[0]*x.Time+at[1]*x.Head+at[2]] = 100 * other[(at[0]*c.h+at[1])*c.d+at[2]]
					}
				})
			}
			got := attentionGrads(changed, do)
			name := fmt.Sprintf("%+v", c)
			inside := func(x kernel.Heads[float32], heads int) []float32 {
				return compact(a, x, n, heads)[lo*heads*c.d : hi*heads*c.d]
			}
			same(t, name+": o", inside(got.O, c.h), inside(g.O, c.h))
			same(t, name+": dq", inside(got.DQ, c.h), inside(g.DQ, c.h))
			same(t, name+": dk", inside(got.DK, c.kv), inside(g.DK, c.kv))
			same(t, name+": dv", inside(got.DV, c.kv), inside(g.DV, c.kv))
		}
	}
}

func TestAttentionCheck(t *testing.T) {
	c := attentionCase{b: 2, h: 1, kv: 1, tq: 2, tk: 3, d: 2, distance: "-"}
	for _, k := range []struct {
		want   string
		change func(a *kernel.Attention[float32])
	}{
		{"sequence 1: length 4 is not in 0…3", func(a *kernel.Attention[float32]) { a.Lengths = []int32{3, 4} }},
		{"sequence 0: position -1 is negative", func(a *kernel.Attention[float32]) { a.Past = []int32{-1, 0} }},
		{"sequence 1: start 4 of query 0 is not in 0…3", func(a *kernel.Attention[float32]) { a.Starts = []int32{0, 3, 4, 0} }},
		{"sequence 0: end -1 of query 1 is not in 0…3", func(a *kernel.Attention[float32]) { a.Ends = []int32{0, -1, 3, 0} }},
		{"sequence 1: query 0 at position 0 sees keys 0…2, but the bias has distances -2…1", func(a *kernel.Attention[float32]) { a.Past = []int32{1, 0} }},
		{"sequence 0: query 1 at position 3 sees keys 0…2, but the bias has distances -2…1", func(a *kernel.Attention[float32]) { a.Past, a.Causal = []int32{2, 0}, true }},
	} {
		a := newAttention[float32](c)
		if err := a.Check(); err != nil {
			t.Errorf("got error %v, want none", err)
		}
		k.change(&a)
		if err := a.Check(); err == nil || err.Error() != k.want {
			t.Errorf("got error %v, want %q", err, k.want)
		}
	}
}
