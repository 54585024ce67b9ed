package graph_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// TestTooLittleMemory: Build reports the needed and the available memory, and leaves the parameters unchanged.
func TestTooLittleMemory(t *testing.T) {
	defer graph.SetAvailable(4 << 20)()
	params := graph.NewParams(tensor.Float32, 1)
	buildOver(t, params, graph.Train, sumOf("a", "b"))
	large := func(s *graph.Scope) { sumOf("a", "c")(s); s.Output("y", s.Param("large", graph.Ones(), 1<<20)) }
	_, err := graph.Build(params, graph.Eval, large)
	checkError(t, err, "graph: build: memory: 4.2 MB are needed|weights 4.2 MB|gradients 0.0 MB|arena|4.2 MB are available")
	if params.Len() != 2 || params.Value("large") != nil {
		t.Errorf("got %v, want a and b alone", names(params))
	}
	graph.SetAvailable(5 << 20)
	buildOver(t, params, graph.Eval, large)
	graph.SetAvailable(0)
	buildOver(t, params, graph.Eval, large) // the weights exist: little more is needed
}

// TestEstimate: an estimate equals the Program's memory and work, and changes nothing.
func TestEstimate(t *testing.T) {
	for _, mode := range []graph.Mode{graph.Train, graph.Eval} {
		for name, extra := range map[string]func(*graph.Scope){"plain": func(*graph.Scope) {}, "recompute": func(s *graph.Scope) { s.Recompute("h.*") }} {
			declare := func(s *graph.Scope) { extra(s); small.declare(s) }
			params := graph.NewParams(tensor.Float32, 1)
			e, err := graph.Estimate(params, mode, declare)
			check(t, err)
			if params.Len() != 0 {
				t.Errorf("%v: an estimate made the parameters %v", mode, names(params))
			}
			p := buildOver(t, params, mode, declare)
			if e.Memory != p.Memory() || e.Parameters != params.Size() || e.Trained != params.Size() {
				t.Errorf("%v %s: got %+v, the program holds %+v with %d parameters", mode, name, e, p.Memory(), params.Size())
			}
			prof, err := p.Profile(func() error { return p.Run(small.feed()) })
			check(t, err)
			work := 0
			for _, c := range prof.ByOp {
				work += c.FLOPs
			}
			if e.Forward+e.Backward != work || (e.Backward > 0) != (mode == graph.Train) || e.Forward == 0 {
				t.Errorf("%v %s: got %d and %d FLOPs, the run has %d", mode, name, e.Forward, e.Backward, work)
			}
			if s := e.String(); !strings.Contains(s, "parameters") || !strings.Contains(s, "GFLOP") {
				t.Errorf("got %q", s)
			}
		}
	}
	_, err := graph.Estimate(nil, graph.Train, small.declare)
	checkError(t, err, "graph: estimate: |NewParams")
}

// TestLargeDeclarations: a declaration of excessive size fails with one line and allocates nothing. The sizes come from mistakes
// and attacks.
func TestLargeDeclarations(t *testing.T) {
	defer graph.SetAvailable(1 << 30)()
	for _, n := range []int{1e8, 2e9, 1 << 40, math.MaxInt} {
		for name, change := range map[string]func(*gpt){
			"b": func(m *gpt) { m.b = n }, "t": func(m *gpt) { m.t = n }, "c": func(m *gpt) { m.c, m.heads = n, 1 },
			"vocab": func(m *gpt) { m.vocab = n }, "blocks": func(m *gpt) { m.blocks = n },
		} {
			m := small
			change(&m)
			for _, mode := range []graph.Mode{graph.Train, graph.Eval} {
				params := graph.NewParams(tensor.Float32, 1)
				_, err := graph.Build(params, mode, m.declare)
				if err == nil || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), "panic") {
					t.Errorf("%s of %d: got error %v, want one line", name, n, err)
				}
				if params.Len() != 0 {
					t.Errorf("%s of %d: parameters are left: %v", name, n, names(params))
				}
			}
		}
	}
}

// TestParts: a list ends after an error, and its first part decides whether it is too long.
func TestParts(t *testing.T) {
	count := 0
	buildError(t, "h.3: broken", func(s *graph.Scope) {
		for i, at := range s.In("h").Parts(math.MaxInt) {
			count++
			if i == 3 {
				at.Failf("broken")
			}
		}
	})
	if count != 4 {
		t.Errorf("got %d parts, want 4", count)
	}
	buildError(t, "h: memory: 9000000000 parts whose weights take 8.0 MB each", func(s *graph.Scope) {
		for _, at := range s.In("h").Parts(9e9) {
			at.Param("w", graph.Ones(), 1e6)
		}
	})
	buildError(t, "h: 9000000 parts of 1 nodes", func(s *graph.Scope) {
		for _, at := range s.In("h").Parts(9e6) {
			at.Input("x"+at.Path(), tensor.Int32, 1)
		}
	})
	for range 2 {
		build(t, func(s *graph.Scope) {
			for i, at := range s.In("h").Parts(5) {
				s.Output(at.Path(), at.Param("w", graph.Ones(), 2))
				if i == 2 {
					break
				}
			}
			for range s.Parts(-1) {
				t.Error("a part of a list of -1")
			}
		})
	}
}

// TestLimitMemory recomputes the fewest parts that meet a limit.
func TestLimitMemory(t *testing.T) {
	m := small
	m.blocks = 6
	totals, err := graph.Totals(graph.NewParams(tensor.Float32, 1), m.declare)
	check(t, err)
	for limit := totals[0] + 1; limit > totals[len(totals)-1]/2; limit -= totals[0] / 13 {
		p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) { s.LimitMemory(limit); m.declare(s) })
		want := -1
		for k, total := range totals {
			if total <= limit {
				want = k
				break
			}
		}
		switch {
		case want < 0:
			checkError(t, err, "memory: |the limit is")
		case err != nil:
			t.Errorf("limit %d: %v", limit, err)
		case p.Memory().Total() != totals[want]:
			t.Errorf("limit %d: got %d bytes, want the %d of %d parts", limit, p.Memory().Total(), totals[want], want)
		}
	}
}

// TestExpect: a parameter with another shape than the file's ends the declaration, and the error names both shapes. Missing
// parameters end it if they far outnumber the file's.
func TestExpect(t *testing.T) {
	shapes := map[string][]int{}
	for name, v := range func() *graph.Params {
		params := graph.NewParams(tensor.Float32, 1)
		buildOver(t, params, graph.Eval, small.declare)
		return params
	}().All() {
		shapes[name] = v.Shape()
	}
	for words, change := range map[string]func(*gpt){
		"wte.weight|(97, 64) in the folder|asks for (2000000000, 64)":          func(m *gpt) { m.vocab = 2e9 },
		"wpe.weight|(24, 64) in the folder|asks for (1099511627776, 64)":       func(m *gpt) { m.t = 1 << 40 },
		"wpe.weight|(24, 64) in the folder|asks for (9223372036854775807, 64)": func(m *gpt) { m.t = math.MaxInt },
		"wte.weight|(97, 64) in the folder|asks for (97, 2000000000)":          func(m *gpt) { m.c = 2e9 },
		"the folder has 28 parameters|lacks h.2.ln_1.weight and 56 others":     func(m *gpt) { m.blocks = 1e4 },
	} {
		m := small
		change(&m)
		params := graph.NewParams(tensor.Float32, 1)
		params.Expect("the folder", shapes)
		_, err := graph.Build(params, graph.Train, m.declare)
		checkError(t, err, words)
		if params.Len() != 0 {
			t.Errorf("%s: parameters are left: %v", words, names(params))
		}
	}
	params := graph.NewParams(tensor.Float32, 1)
	delete(shapes, "wpe.weight")
	params.Expect("the folder", shapes)
	buildOver(t, params, graph.Train, small.declare)
	for name, zero := range map[string]bool{"wte.weight": true, "wpe.weight": false} {
		if got := slices.Max(params.Value(name).Float32s()) == 0; got != zero {
			t.Errorf("%s: the values are zero: %t, want %t: a file has only the first", name, got, zero)
		}
	}
	params.Expect("", nil)
	buildOver(t, params, graph.Train, sumOf("other"))
}

// TestAvailable: the system reports a plausible amount of memory.
func TestAvailable(t *testing.T) {
	if n := graph.Available(); n < 1<<20 {
		t.Errorf("got %d bytes of memory, want at least a megabyte", n)
	}
}
