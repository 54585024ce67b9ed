package graph_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// sumOf declares parameters of two elements and a loss that depends on all of them.
func sumOf(names ...string) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x := s.Param(names[0], graph.Normal(1), 2)
		for _, name := range names[1:] {
			x = s.Try(ops.Mul(x, s.Param(name, graph.Normal(1), 2)))
		}
		s.Minimize(graphtest.Loss(s, x))
	}
}

func names(p *graph.Params) []string {
	var n []string
	for name := range p.All() {
		n = append(n, name)
	}
	return n
}

func TestParams(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 7)
	buildOver(t, params, graph.Train, sumOf("b", "a", "c"))
	buildOver(t, params, graph.Eval, sumOf("a", "d", "b"))
	if got, want := names(params), []string{"b", "a", "c", "d"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want the order of declaration %v", got, want)
	}
	if params.Len() != 4 || params.Size() != 8 || params.Seed() != 7 || params.Dtype() != tensor.Float32 || params.Value("e") != nil {
		t.Errorf("got %d tensors of %d elements, seed %d, %v, want 4 of 8, 7, float32", params.Len(), params.Size(), params.Seed(), params.Dtype())
	}
	for range params.All() {
		break // leaving early is allowed
	}
}

// TestInitialValues: initial values depend only on seed and path, not on the order of declaration or on other parameters.
func TestInitialValues(t *testing.T) {
	value := func(seed uint64, path string, declared ...string) []float32 {
		params := graph.NewParams(tensor.Float32, seed)
		buildOver(t, params, graph.Train, sumOf(declared...))
		return params.Value(path).Float32s()
	}
	a := value(1, "a", "a", "b")
	if got := value(1, "a", "c", "b", "a"); !slices.Equal(got, a) {
		t.Errorf("in another order: got %v, want %v", got, a)
	}
	if got := value(2, "a", "a", "b"); slices.Equal(got, a) {
		t.Errorf("of another seed: got the same %v", got)
	}
	if got := value(1, "b", "a", "b"); slices.Equal(got, a) {
		t.Errorf("of another path: got the same %v", got)
	}
}

// TestInits checks the first two moments of 10,000 numbers. Their errors are at most 1%, so that 5% is never reached by chance.
func TestInits(t *testing.T) {
	for _, c := range []struct {
		name       string
		init       graph.Init
		mean, std  float64
		bound, min float64 // of the absolute values
	}{
		{"zero value", graph.Init{}, 0, 0, 0, 0},
		{"Zeros", graph.Zeros(), 0, 0, 0, 0},
		{"Ones", graph.Ones(), 1, 0, 1, 1},
		{"Constant", graph.Constant(-3), -3, 0, 3, 3},
		{"Normal", graph.Normal(0.5), 0, 0.5, 5, 0},
		{"Uniform", graph.Uniform(0.5), 0, 0.5 / math.Sqrt(3), 0.5, 0},
		{"XavierUniform", graph.XavierUniform(), 0, math.Sqrt(2.0 / 250), math.Sqrt(6.0 / 250), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			params := graph.NewParams(tensor.Float64, 1)
			buildOver(t, params, graph.Eval, func(s *graph.Scope) { s.Output("w", s.Param("w", c.init, 50, 200)) })
			x := params.Value("w").Float64s()
			var sum, squares float64
			for _, v := range x {
				sum += v
				squares += (v - c.mean) * (v - c.mean)
				if a := math.Abs(v); a > c.bound || a < c.min {
					t.Fatalf("got %v, want an absolute value in %v…%v", v, c.min, c.bound)
				}
			}
			mean, std := sum/float64(len(x)), math.Sqrt(squares/float64(len(x)))
			if math.Abs(mean-c.mean) > 0.05*c.std || math.Abs(std-c.std) > 0.05*c.std {
				t.Errorf("got mean %v and deviation %v, want %v and %v", mean, std, c.mean, c.std)
			}
		})
	}
}

// TestOtherShape: a path has the same shape in all graphs.
func TestOtherShape(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	buildOver(t, params, graph.Train, sumOf("a"))
	_, err := graph.Build(params, graph.Eval, func(s *graph.Scope) { s.Output("a", s.Param("a", graph.Zeros(), 2, 1)) })
	checkError(t, err, "graph: build: a: |(2)|(2, 1)")
}

// TestFailedBuild: a failed Build leaves the weights unchanged.
func TestFailedBuild(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	buildOver(t, params, graph.Train, sumOf("a", "b"))
	params.Freeze("a")
	a := slices.Clone(params.Value("a").Float32s())
	for name, declare := range map[string]func(*graph.Scope){
		"error":    func(s *graph.Scope) { sumOf("c", "b", "a")(s); s.Failf("no") },
		"panic":    func(s *graph.Scope) { sumOf("c", "b", "a")(s); panic("no") },
		"off path": func(s *graph.Scope) { sumOf("c", "b", "a")(s); s.Param("off", graph.Zeros(), 2) },
	} {
		if _, err := graph.Build(params, graph.Train, declare); err == nil {
			t.Fatalf("%s: got no error, want one", name)
		}
		if got := names(params); !slices.Equal(got, []string{"a", "b"}) || params.Value("c") != nil || params.Len() != 2 {
			t.Errorf("%s: got %v, want a and b as before", name, got)
		}
		if !slices.Equal(params.Value("a").Float32s(), a) || !params.Frozen("a") || params.Frozen("b") {
			t.Errorf("%s: the weight or its state changed", name)
		}
	}
	buildOver(t, params, graph.Train, sumOf("c", "b", "a"))
	if got, want := names(params), []string{"a", "b", "c"}; !slices.Equal(got, want) {
		t.Errorf("afterwards: got %v, want %v", got, want)
	}
}

func TestFreezePatterns(t *testing.T) {
	paths := []string{"wte.weight", "h.0.attn.q.weight", "h.0.attn.q.bias", "h.0.ln.weight", "h.11.attn.q.weight", "head"}
	for _, c := range []struct {
		pattern string
		want    []int // paths
	}{
		{"wte.weight", []int{0}},
		{"wte", nil},
		{"*.weight", []int{0}},
		{"h.*.attn.*.weight", []int{1, 4}},
		{"h.0.attn.**", []int{1, 2}},
		{"h.**", []int{1, 2, 3, 4}},
		{"h.1?.**", []int{4}},
		{"h.[0-5].attn.q.*", []int{1, 2}},
		{"**", []int{0, 1, 2, 3, 4, 5}},
		{"head.**", nil},
		{"[", nil},
		{"", nil},
	} {
		params := graph.NewParams(tensor.Float32, 1)
		buildOver(t, params, graph.Train, sumOf(paths...))
		n := params.Freeze(c.pattern)
		var got []int
		for i, p := range paths {
			if params.Frozen(p) {
				got = append(got, i)
			}
		}
		if !slices.Equal(got, c.want) || n != len(c.want) {
			t.Errorf("%q: got %d: %v, want %v", c.pattern, n, got, c.want)
		}
		if n := params.Unfreeze("**"); n != len(paths) || params.Frozen(paths[0]) {
			t.Errorf("%q: Unfreeze: got %d, want %d", c.pattern, n, len(paths))
		}
	}
}

// TestFreezeBefore freezes weights before their declaration: Estimate and Build count them as frozen.
func TestFreezeBefore(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	if n := params.Freeze("h.**"); n != 0 {
		t.Errorf("got %d weights, want 0", n)
	}
	params.Unfreeze("h.1")
	declare := sumOf("h.0", "h.1", "head")
	e, err := graph.Estimate(params, graph.Train, declare)
	check(t, err)
	p := buildOver(t, params, graph.Train, declare)
	if got, want := len(p.Weights()), 2; got != want || e.Trained != e.Parameters/3*want || e.Memory.Gradients != p.Memory().Gradients {
		t.Errorf("got %d trained weights, estimate %v, want %d", got, e, want)
	}
	if !params.Frozen("h.0") || params.Frozen("h.1") || params.Frozen("head") {
		t.Error("other weights are frozen")
	}
}

func TestSummary(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	buildOver(t, params, graph.Eval, func(s *graph.Scope) {
		s.Output("a", s.In("h").At(0).Param("weight", graph.Ones(), 3, 4))
		s.Output("b", s.In("h").At(0).Param("bias", graph.Ones(), 1))
	})
	params.Freeze("h.0.bias")
	lines := strings.Split(strings.TrimSpace(params.Summary()), "\n")
	if len(lines) != 4 {
		t.Fatalf("got %d lines, want a head, two weights and a sum:\n%s", len(lines), params.Summary())
	}
	for i, want := range [][]string{
		{"parameter", "shape", "elements"},
		{"h.0.weight", "(3,", "4)", "12"},
		{"h.0.bias", "(1)", "1", "frozen"},
		{"2", "tensors,", "13", "parameters", "(1", "frozen),", "0.00", "MB", "of", "float32"},
	} {
		if got := strings.Fields(lines[i]); !slices.Equal(got, want) {
			t.Errorf("line %d: got %q, want %q", i, got, want)
		}
	}
}

// TestPadded: the first row is zero, and the other rows are those of the Init without padding.
func TestPadded(t *testing.T) {
	for _, init := range []graph.Init{graph.Normal(1), graph.Uniform(1), graph.Ones(), graph.XavierUniform()} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			values := func(i graph.Init) []float64 {
				params := graph.NewParams(dt, 1)
				buildOver(t, params, graph.Eval, func(s *graph.Scope) { s.Output("w", s.Param("w", i, 3, 4)) })
				var x []float64
				for i := range 12 {
					switch v := params.Value("w").Get(i).(type) {
					case float32:
						x = append(x, float64(v))
					case float64:
						x = append(x, v)
					}
				}
				return x
			}
			got, want := values(init.Padded()), values(init)
			if clear(want[:4]); !slices.Equal(got, want) || got[4] == 0 {
				t.Errorf("%v of %v: got %v, want %v", init, dt, got, want)
			}
		}
	}
}

// TestGive: a Program uses a tensor that Params was given, itself, and a second value for a path is refused.
func TestGive(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	w := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, 2, 3, 4, 5, 6}))
	if err := params.Give("w", w); err != nil {
		t.Fatal(err)
	}
	declare := func(s *graph.Scope) { s.Output("y", s.Param("w", graph.Zeros(), 2, 3)) }
	if _, err := graph.Build(params, graph.Eval, declare); err != nil {
		t.Fatal(err)
	}
	if params.Value("w") != w || w.Float32s()[5] != 6 {
		t.Error("the tensor is not the one that was given, or has changed")
	}
	for want, err := range map[string]error{
		"graph: give w: the parameter exists already": params.Give("w", w),
		"graph: give v: the tensor is of float64":     params.Give("v", tensor.New(tensor.Of(tensor.Float64), tensor.WithShape(2))),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q", err, want)
		}
	}
}
