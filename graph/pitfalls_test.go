package graph_test

import (
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
)

// Each test of this file covers a silent error of Gorgonia v0.9.18. It shows that the error cannot happen here and, where a few
// lines suffice, that Gorgonia has it. If the latter fails, Gorgonia has been mended.

// plain returns a node of a plain Gorgonia graph with a value.
func plain(g *G.ExprGraph, name string, x []float64, shape ...int) *G.Node {
	return G.NewTensor(g, tensor.Float64, len(shape), G.WithName(name), G.WithShape(shape...), G.WithValue(graphtest.Dense(tensor.Float64, x, shape...)))
}

func TestPitfallStartUp(t *testing.T) {
	mod, err := os.ReadFile("../go.mod")
	check(t, err)
	if !strings.Contains(string(mod), "go4.org/unsafe/assume-no-moving-gc v0.0.0-20231121144256-b99613f794b6") {
		t.Error("go.mod requires an assume-no-moving-gc that does not know today's Go: Gorgonia panics at start-up")
	}
}

func TestPitfallReshape(t *testing.T) {
	g := G.NewGraph()
	x := plain(g, "x", []float64{0.5, 2}, 2, 1)
	sum := G.Must(G.Add(G.Must(G.Reshape(x, tensor.Shape{2})), G.NewConstant(1.0)))
	vm := G.NewTapeMachine(g)
	defer vm.Close()
	var first []float64
	for range 3 {
		check(t, vm.RunAll())
		first = append(first, sum.Value().Data().([]float64)[0])
		vm.Reset()
	}
	if first[0] == first[2] {
		t.Errorf("gorgonia's reshape no longer changes its operand: %v", first)
	}

	for name, reshape := range map[string]func(*G.Node) (*G.Node, error){
		"ours":  func(x *G.Node) (*G.Node, error) { return ops.Reshape(x, 2) },
		"stock": func(x *G.Node) (*G.Node, error) { return G.Reshape(x, tensor.Shape{2}) }, // a view known to the plan
	} {
		p := buildOver(t, graph.NewParams(tensor.Float64, 1), graph.Eval, func(s *graph.Scope) {
			y := s.Try(reshape(s.Input("x", tensor.Float64, 2, 1)))
			s.Output("y", s.Try(ops.Add(y, s.Constant(graphtest.Dense(tensor.Float64, []float64{1}, 1)))))
		})
		in := graphtest.Dense(tensor.Float64, []float64{0.5, 2}, 2, 1)
		for range 3 {
			check(t, p.Run(graph.Feed{"x": in}))
			if got := p.Output("y").Float64s(); !slices.Equal(got, []float64{1.5, 3}) || in.Float64s()[0] != 0.5 {
				t.Errorf("%s: got %v of %v, want [1.5 3] each time", name, got, in)
			}
		}
	}
}

func TestPitfallDropoutGradient(t *testing.T) {
	const p = 0.1
	buildError(t, "Dropout|use ops.Dropout", func(s *graph.Scope) {
		s.Output("y", s.Try(G.Dropout(s.Param("x", graph.Ones(), 4), p)))
	})
	prog := build(t, func(s *graph.Scope) {
		s.Minimize(graphtest.Loss(s, s.Try(ops.Dropout(s.Param("x", graph.Ones(), 1000), s.Stream(), p, 1))))
	})
	without := build(t, func(s *graph.Scope) { s.Minimize(graphtest.Loss(s, s.Param("x", graph.Ones(), 1000))) })
	check(t, prog.Run(nil))
	check(t, without.Run(nil))
	d, w := grad(t, prog, "x"), grad(t, without, "x")
	for i := range d {
		if r := float64(d[i] / w[i]); d[i] != 0 && math.Abs(r-1/(1-p)) > 1e-5 {
			t.Fatalf("gradient %d is %g times that without dropout, want 0 or %g", i, r, 1/(1-p))
		}
	}
	same := build(t, func(s *graph.Scope) {
		s.Minimize(graphtest.Loss(s, s.Try(ops.Dropout(s.Param("x", graph.Ones(), 1000), s.Stream(), 0, 1))))
	})
	check(t, same.Run(nil))
	if !slices.Equal(grad(t, same, "x"), w) {
		t.Error("dropout of probability 0 changes the gradient")
	}
}

func TestPitfallModes(t *testing.T) {
	params := graph.NewParams(tensor.Float32, 1)
	declare := func(s *graph.Scope) {
		x := s.Param("x", graph.Ones(), 100)
		if s.Training() {
			x = s.Try(ops.Dropout(x, s.Stream(), 0.5, 1))
		}
		s.Output("y", x)
		s.Minimize(graphtest.Loss(s, x))
	}
	step, eval := buildOver(t, params, graph.Train, declare), buildOver(t, params, graph.Eval, declare)
	for range 2 { // running one graph does not change the other
		check(t, eval.Run(nil))
		check(t, step.Run(nil))
		if slices.Contains(eval.Output("y").Float32s(), 0) || !slices.Contains(step.Output("y").Float32s(), 0) {
			t.Fatal("dropout is on in evaluation or off in training")
		}
	}
}

func TestPitfallAdamW(t *testing.T) {
	g := G.NewGraph()
	w := plain(g, "w", []float64{1, 1}, 2)
	_, err := G.Grad(G.Must(G.Sum(G.Must(G.Square(w)))), w)
	check(t, err)
	vm := G.NewTapeMachine(g, G.BindDualValues(w))
	defer vm.Close()
	check(t, vm.RunAll())
	check(t, G.NewAdamW(G.WithLearnRate(0.01)).Step(G.NodesToValueGrads(G.Nodes{w})))
	if got := w.Value().Data().([]float64); !slices.Equal(got, []float64{1, 1}) {
		t.Errorf("gorgonia's AdamW now changes the weights: %v", got)
	}

	p := build(t, func(s *graph.Scope) { s.Minimize(graphtest.Loss(s, s.Param("x", graph.Ones(), 4))) })
	check(t, p.Run(nil))
	x := p.Params().Value("x").Float32s()
	check(t, (&train.AdamW{}).Update(p.ValueGrads(), 0.01, 1))
	if slices.Contains(x, 1) {
		t.Errorf("our AdamW does not change the weights: %v", x)
	}
}

func TestPitfallMergedNodes(t *testing.T) {
	g := G.NewGraph()
	x := plain(g, "x", []float64{1, 2, 3, 4}, 2, 2)
	if G.Must(G.SoftMax(x)) != G.Must(G.LogSoftMax(x)) {
		t.Error("gorgonia no longer merges SoftMax and LogSoftMax")
	}
	buildError(t, "SoftMax|use ops.Softmax", func(s *graph.Scope) { s.Output("y", s.Try(G.SoftMax(s.Param("x", graph.Ones(), 2, 2)))) })
	buildError(t, "Slice|use ops.Slice", func(s *graph.Scope) { s.Output("y", s.Try(G.Slice(s.Param("x", graph.Ones(), 300), G.S(0, 4)))) })
	buildError(t, "input x|twice", func(s *graph.Scope) {
		s.Input("x", tensor.Float32, 2)
		s.Output("y", s.Input("x", tensor.Float32, 2))
	})
	seen := map[*G.Node]bool{}
	build(t, func(s *graph.Scope) {
		x := s.Param("x", graph.Normal(1), 300, 2)
		for _, n := range []*G.Node{
			s.Try(ops.Softmax(x)), s.Try(ops.LogSoftmax(x)), s.Try(ops.Softmax(x)), s.Try(ops.Slice(x, 0, 0, 4)), s.Try(ops.Slice(x, 0, 256, 260)),
			s.Try(ops.LayerNorm(x, nil, nil, 1e-5)), s.Try(ops.LayerNorm(x, nil, nil, 1e-6)), s.Try(ops.Scale(x, 2)), s.Try(ops.Scale(x, 3)),
			s.Constant(graphtest.Dense(tensor.Float32, []float64{1}, 1)), s.Constant(graphtest.Dense(tensor.Float32, []float64{1}, 1)),
		} {
			if seen[n] {
				t.Errorf("%v is merged with another node", n)
			}
			seen[n] = true
		}
		s.Output("x", x)
	})
}

// TestPitfallConstants: Gorgonia merges constants of the same name or the same printed form, whatever their values.
func TestPitfallConstants(t *testing.T) {
	long := func(middle float64) *tensor.Dense {
		x := make([]float64, 1000)
		x[500] = middle
		return graphtest.Dense(tensor.Float64, x, 1000)
	}
	g := G.NewGraph()
	x := plain(g, "x", make([]float64, 1000), 1000)
	a, b := G.Must(G.Add(x, G.NewConstant(long(1)))), G.Must(G.Add(x, G.NewConstant(long(2))))
	if a != b {
		t.Error("gorgonia no longer merges constants that print alike")
	}
	buildError(t, "h.0: |NewConstant|use Scope.Constant", func(s *graph.Scope) {
		c := G.NewConstant(floats([]float32{1, 2}, 2))
		s.Output("y", s.In("h").At(0).Try(G.Add(s.Param("x", graph.Ones(), 2), c)))
	})
	buildError(t, "NewConstant|leave the name out", func(s *graph.Scope) {
		x := s.Param("x", graph.Ones(), 2)
		s.Output("y", s.Try(G.HadamardProd(x, G.NewConstant(float32(2), G.WithName("rate")))))
	})
	p := build(t, func(s *graph.Scope) {
		x := s.Param("x", graph.Ones(), 2)
		s.Output("a", s.Try(G.HadamardProd(x, G.NewConstant(float32(0.12345678)))))
		s.Output("b", s.Try(G.HadamardProd(x, G.NewConstant(float32(0.12345679)))))
	})
	check(t, p.Run(nil))
	if a, b := p.Output("a").Float32s()[0], p.Output("b").Float32s()[0]; a != 0.12345678 || b != 0.12345679 {
		t.Errorf("got %v and %v, want both constants to the last bit", a, b)
	}
}

// TestPitfallNoGradient: Gorgonia leaves an operation without a gradient out of the derivative, or gorgonia.Grad panics.
func TestPitfallNoGradient(t *testing.T) {
	buildError(t, "h: |gorgonia.At|use ops.Slice", func(s *graph.Scope) {
		x := s.Param("x", graph.Ones(), 2, 2)
		s.Minimize(s.In("h").Try(G.Add(s.In("h").Try(G.At(x, 0, 1)), graphtest.Loss(s, x))))
	})
	diagonal := func(s *graph.Scope) {
		y := s.In("h").Try(G.DiagFlat(s.Param("x", graph.Ones(), 2)))
		s.Output("y", y)
		s.Minimize(graphtest.Loss(s, y))
	}
	buildError(t, "h: DiagFlat|no gradient", diagonal)
	check(t, buildOver(t, graph.NewParams(tensor.Float32, 1), graph.Eval, diagonal).Run(nil)) // correct if no gradient is needed
}

// TestPitfallRemovedNode: Gorgonia finds a node's operands by its index in a list, which changes when an earlier node is removed.
func TestPitfallRemovedNode(t *testing.T) {
	g := G.NewGraph()
	x, y := plain(g, "x", []float64{0.5}, 1), plain(g, "y", []float64{0.5}, 1)
	G.Must(G.BinaryXent(x, y))
	mixed := false
	for _, n := range g.AllNodes() {
		if n.Op() != nil && n.Op().Arity() != g.From(n.ID()).Len() && n.Op().Arity() > 0 && g.From(n.ID()).Len() > 0 {
			mixed = true
		}
	}
	if !mixed {
		t.Error("gorgonia no longer mixes up the nodes of BinaryXent")
	}
	buildError(t, "h: gorgonia.BinaryXent|with ops", func(s *graph.Scope) {
		x, y := s.Param("x", graph.Constant(0.5), 2), s.Constant(floats([]float32{0, 1}, 2))
		s.Minimize(graphtest.Loss(s, s.In("h").Try(G.BinaryXent(x, y))))
	})
}

// TestRefused covers the operations of Gorgonia that Build refuses and that no other test of a pitfall covers.
func TestRefused(t *testing.T) {
	for words, op := range map[string]func(x *G.Node) (*G.Node, error){
		"gorgonia.SoftMax|ops.LogSoftmax": func(x *G.Node) (*G.Node, error) { return G.LogSoftMax(x) },
		"gorgonia.GroupNorm|ops.LayerNorm": func(x *G.Node) (*G.Node, error) {
			scale := G.NewTensor(x.Graph(), tensor.Float32, 4, G.WithShape(1, 4, 1, 1), G.WithName("scale"), G.WithInit(G.Ones()))
			bias := G.NewTensor(x.Graph(), tensor.Float32, 4, G.WithShape(1, 4, 1, 1), G.WithName("bias"), G.WithInit(G.Zeroes()))
			return G.GroupNorm(x, scale, bias, 2, 4, 1e-5)
		},
		"gorgonia.BatchNorm|ops.LayerNorm": func(x *G.Node) (*G.Node, error) {
			y, _, _, _, err := G.BatchNorm(x, nil, nil, 0.9, 1e-5)
			return y, err
		},
		"random nodes|ops.Dropout": func(x *G.Node) (*G.Node, error) {
			r := G.UniformRandomNode(x.Graph(), tensor.Float32, 0, 1, 2, 4, 3, 3)
			return G.Add(x, r)
		},
		"gorgonia.Concat|ops.Concat": func(x *G.Node) (*G.Node, error) {
			y, err := ops.Reshape(x, 72, 1)
			if err != nil {
				return nil, err
			}
			return G.Concat(0, y, y, y, y)
		},
		"gorgonia.Read|Scope.Output": func(x *G.Node) (*G.Node, error) {
			var v G.Value
			G.Read(x, &v)
			return x, nil
		},
		"gorgonia.Set|Scope.State": func(x *G.Node) (*G.Node, error) {
			y, err := G.Tanh(x)
			if err != nil {
				return nil, err
			}
			G.Set(x, y)
			return y, nil
		},
	} {
		t.Run(words, func(t *testing.T) {
			buildError(t, "h.2: |"+words, func(s *graph.Scope) {
				h := s.In("h").At(2)
				h.Output("y", h.Try(op(h.Param("x", graph.Normal(1), 2, 4, 3, 3))))
			})
		})
	}
}

// TestPitfallHashes: Gorgonia merges two nodes whose operations have the same hash, even if their operands differ. Our hashes are
// unique numbers.
func TestPitfallHashes(t *testing.T) {
	seen := map[uint32]bool{}
	build(t, func(s *graph.Scope) {
		x := s.Param("x", graph.Normal(1), 2, 2)
		for range 1000 {
			n := s.Try(ops.Scale(x, 2))
			if h := n.Op().Hashcode(); seen[h] {
				t.Fatalf("two operations have the hash %d", h)
			} else {
				seen[h] = true
			}
		}
		s.Output("x", x)
	})
}

func TestPitfallBroadcast(t *testing.T) {
	buildError(t, "four dimensions|use ops.Add", func(s *graph.Scope) {
		x, mask := s.Param("x", graph.Normal(1), 2, 3, 4, 5), s.Param("mask", graph.Normal(1), 2, 1, 1, 5)
		s.Output("y", s.Try(G.BroadcastAdd(x, mask, nil, []byte{1, 2})))
	})
	for _, shape := range [][]int{{2, 1, 1, 5}, {1, 1, 1, 5}, {5}, {1, 3, 1, 1}} {
		graphtest.Gradients(t, graph.Feed{}, func(s *graph.Scope) {
			x, y := s.Param("x", graph.Normal(1), 2, 3, 4, 5), s.Param("y", graph.Normal(1), shape...)
			s.Minimize(graphtest.Loss(s, s.Try(ops.Mul(s.Try(ops.Add(x, y)), y))))
		})
	}
}

func TestPitfallUnaryGradients(t *testing.T) {
	for words, op := range map[string]func(*G.Node) (*G.Node, error){"InverseSqrt": G.InverseSqrt, "Log2": G.Log2} {
		buildError(t, "h.1|gorgonia."+words, func(s *graph.Scope) {
			s.Output("y", s.In("h").At(1).Try(op(s.Param("x", graph.Ones(), 4))))
		})
	}
}

func TestPitfallByIndices(t *testing.T) {
	buildError(t, "ByIndices|use ops.Embedding", func(s *graph.Scope) {
		x := s.Param("x", graph.Ones(), 3, 2)
		ids := G.NewTensor(x.Graph(), tensor.Int, 1, G.WithShape(1), G.WithName("indices"))
		s.Output("y", s.Try(G.ByIndices(x, ids, 0)))
	})
	p := build(t, func(s *graph.Scope) {
		s.Output("y", s.In("wte").Try(ops.Embedding(s.Param("x", graph.Ones(), 3, 2), s.Input("ids", tensor.Int32, 4))))
	})
	checkError(t, p.Run(graph.Feed{"ids": graphtest.Ints([]int32{0, 1, 7, 2}, 4)}), "wte|id 7|position 2|3")
}

func TestPitfallProducts(t *testing.T) {
	buildError(t, "OuterProd|use ops.MatMul", func(s *graph.Scope) {
		s.Output("y", s.Try(G.OuterProd(s.Param("x", graph.Ones(), 2), s.Param("y", graph.Ones(), 3))))
	})
	buildError(t, "panic", func(s *graph.Scope) { // an error, not a crash
		s.Output("y", s.Try(G.Div(s.Param("x", graph.Ones(), 2, 3), s.Param("y", graph.Ones(), 3, 2))))
	})
	graphtest.Gradients(t, graph.Feed{}, func(s *graph.Scope) {
		x, w := s.Param("x", graph.Normal(1), 2, 3, 4), s.Param("w", graph.Normal(1), 4, 5)
		s.Minimize(graphtest.Loss(s, s.Try(ops.MatMul(x, w, ops.MatMulOptions{}))))
	})
}

func TestPitfallRunAll(t *testing.T) {
	p := buildOver(t, graph.NewParams(tensor.Float64, 1), graph.Train, func(s *graph.Scope) {
		x, w := s.Input("x", tensor.Float64, 1), s.Param("w", graph.Ones(), 1)
		s.Minimize(s.Try(ops.Reshape(s.Try(ops.Mul(s.Try(ops.Mul(x, x)), w)))))
	})
	var losses, grads []float64
	for i := range 3 {
		check(t, p.Let("x", graphtest.Dense(tensor.Float64, []float64{float64(i)}, 1)))
		check(t, p.RunAll())
		g, err := p.Weights()[0].Grad()
		check(t, err)
		losses, grads = append(losses, p.Loss()), append(grads, g.(*tensor.Dense).Float64s()[0])
	}
	if want := []float64{0, 1, 4}; !slices.Equal(losses, want) || !slices.Equal(grads, want) {
		t.Errorf("got losses %v and gradients %v without Reset, want %v", losses, grads, want)
	}
}

// TestPitfallLet: inputs are copied. See TestFeedIsCopied.
func TestPitfallLet(t *testing.T) {
	g := G.NewGraph()
	mine := graphtest.Dense(tensor.Float64, []float64{1}, 1)
	x := G.NewTensor(g, tensor.Float64, 1, G.WithShape(1), G.WithName("x"))
	check(t, G.Let(x, mine))
	mine.Float64s()[0] = 2
	if x.Value().Data().([]float64)[0] != 2 {
		t.Error("gorgonia's Let now copies its value")
	}
	p := build(t, func(s *graph.Scope) { s.Output("y", s.Try(ops.Scale(s.Input("x", tensor.Float32, 1), 1))) })
	in := graphtest.Dense(tensor.Float32, []float64{1}, 1)
	check(t, p.Let("x", in))
	in.Float32s()[0] = 2
	check(t, p.RunAll())
	if got := p.Output("y").Float32s()[0]; got != 1 {
		t.Errorf("got %v, want the 1 that was let", got)
	}
}

func TestPitfallPanic(t *testing.T) {
	p := build(t, func(s *graph.Scope) {
		d := ops.Def{Name: "Fragile", Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) { return in, nil },
			Forward: ops.Kernel{F32: func(*ops.Call[float32]) error { panic("oh") }}}
		s.Output("y", s.In("h").Try(ops.New(d, s.Param("x", graph.Ones(), 1))))
	})
	checkError(t, p.Run(nil), "graph: run: h: Fragile|panic: oh")
	buildError(t, "plan: panic: oh", func(s *graph.Scope) {
		d := ops.Def{Name: "Fragile", Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) { return in, nil },
			Forward: ops.Kernel{F32: func(*ops.Call[float32]) error { return nil }}, Scratch: func([]tensor.Shape) int { panic("oh") }}
		s.Output("y", s.In("h").Try(ops.New(d, s.Param("x", graph.Ones(), 1))))
	})
}

func TestPitfallMaskedRows(t *testing.T) {
	inf := float32(math.Inf(-1))
	p := build(t, func(s *graph.Scope) {
		x := s.Param("x", graph.Zeros(), 2, 2)
		y := s.Try(ops.Softmax(x))
		s.Output("y", y)
		s.Minimize(graphtest.Loss(s, y))
	})
	copy(p.Params().Value("x").Float32s(), []float32{inf, inf, 0, 0})
	check(t, p.Run(nil))
	if got := p.Output("y").Float32s(); !slices.Equal(got, []float32{0, 0, 0.5, 0.5}) {
		t.Errorf("got %v, want zeros for the row that is all -Inf", got)
	}
	if got := grad(t, p, "x")[:2]; !slices.Equal(got, []float32{0, 0}) {
		t.Errorf("got gradient %v of the row that is all -Inf, want zeros", got)
	}
}

func TestPitfallShapes(t *testing.T) {
	if !(tensor.Shape{6}).Eq(tensor.Shape{6, 1}) {
		t.Error("tensor's shapes (6) and (6,1) are no longer equal")
	}
	p := build(t, func(s *graph.Scope) { s.Output("y", s.Input("x", tensor.Float32, 6)) })
	checkError(t, p.Run(graph.Feed{"x": graphtest.Dense(tensor.Float32, make([]float64, 6), 6, 1)}), "input x|(6, 1)|(6)")
	shape := []int{2, -1}
	build(t, func(s *graph.Scope) { s.Output("y", s.Try(ops.Reshape(s.Param("x", graph.Ones(), 6), shape...))) })
	if shape[1] != -1 {
		t.Errorf("Reshape changed its argument to %v", shape)
	}
}

func TestPitfallTypesAndPaths(t *testing.T) {
	buildError(t, "h.0", func(s *graph.Scope) { // a float64 constant in a float32 graph
		s.Output("y", s.In("h").At(0).Try(G.Mul(s.Param("x", graph.Ones(), 2), G.NewConstant(2.0))))
	})
	build(t, func(s *graph.Scope) { s.Output("y", s.Try(ops.Scale(s.Param("x", graph.Ones(), 2), 2))) })
	buildError(t, "h.7.lost|does not affect the loss", func(s *graph.Scope) {
		s.In("h").At(7).Param("lost", graph.Ones(), 2)
		s.Minimize(graphtest.Loss(s, s.Param("x", graph.Ones(), 2)))
	})
}

// TestPitfallConcat: Gorgonia has open issues on the gradients of slices and concatenations, which Transformers use. Ours are
// checked.
func TestPitfallConcat(t *testing.T) {
	graphtest.Gradients(t, graph.Feed{}, func(s *graph.Scope) {
		x, y := s.Param("x", graph.Normal(1), 2, 200, 2), s.Param("y", graph.Normal(1), 2, 100, 2)
		c := s.Try(ops.Concat(1, x, y))
		s.Minimize(graphtest.Loss(s, s.Try(ops.Mul(s.Try(ops.Slice(c, 1, 0, 20)), s.Try(ops.Slice(c, 1, 256, 276))))))
	})
}
