package layers_test

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers"
)

// adaptable lists the cases that have a linear layer, with an adapter of rank 2, or 1 where a weight has a single row.
func adaptable(t *testing.T, z size) map[string]layers.LoRA {
	t.Helper()
	all := map[string]layers.LoRA{}
	for _, p := range parts {
		l := layers.LoRA{Rank: 2, Alpha: 3, RS: true, Targets: []string{"all"}}
		_, err := l.Layers(p.declare(z))
		if err != nil && strings.Contains(err.Error(), "want at most 1") {
			l.Rank = 1
			_, err = l.Layers(p.declare(z))
		}
		switch {
		case err == nil:
			all[p.name] = l
		case !strings.Contains(err.Error(), "the model has none"):
			t.Fatal(err)
		}
	}
	if len(all) < 20 {
		t.Fatalf("%d of %d cases have a linear layer, want at least 20", len(all), len(parts))
	}
	return all
}

// TestLoRAGradients checks every layer with adapters. The gradients of the layer itself are checked, too. Merged weights give the same.
func TestLoRAGradients(t *testing.T) {
	z := size{2, 3, 6, 2, 5}
	all := adaptable(t, z)
	for _, p := range parts {
		l, ok := all[p.name]
		if !ok {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			params := graph.NewParams(tensor.Float64, 1)
			graphtest.GradientsOver(t, params.Carry(l), nil, p.declare(z)) // leaves B other than zero
			unmerged := run(t, build(t, params.Carry(l), graph.Eval, p.declare(z)))
			plain := run(t, build(t, params, graph.Eval, p.declare(z)))
			adapted, err := l.Layers(p.declare(z))
			if err != nil {
				t.Fatal(err)
			}
			if err := layers.Merge(params.All(), adapted); err != nil {
				t.Fatal(err)
			}
			merged := run(t, build(t, params, graph.Eval, p.declare(z)))
			if d := graphtest.MaxDifference(merged, unmerged); !(d <= 1e-12) {
				t.Errorf("merged differs by %g from unmerged", d)
			}
			if d := graphtest.MaxDifference(plain, unmerged); !(d > 1e-9) {
				t.Errorf("the adapter changes the result by %g, want more", d)
			}
		})
	}
}

// TestLoRATrainsItsWeights: only A and B are trained, the new adapter changes nothing, and dropout acts on the adapter alone.
func TestLoRATrainsItsWeights(t *testing.T) {
	z := size{2, 3, 6, 2, 5}
	declare := linear("", layers.Linear{Out: 4}).declare(z)
	params := graph.NewParams(tensor.Float32, 1)
	before := run(t, build(t, params, graph.Train, declare))
	l := layers.LoRA{Name: "new", Rank: 2, Alpha: 4, Dropout: 0.5, Targets: []string{"layer"}}
	view, err := l.Adapt(params, declare)
	if err != nil {
		t.Fatal(err)
	}
	p := build(t, view, graph.Train, declare)
	if after := run(t, p); !slices.Equal(before.Float32s(), after.Float32s()) {
		t.Error("an adapter with B = 0 changes the result")
	}
	var names []string
	for _, w := range p.Weights() {
		names = append(names, w.Name())
	}
	if want := []string{"layer.lora_A.new.weight", "layer.lora_B.new.weight"}; !slices.Equal(names, want) {
		t.Errorf("got weights %v trained, want %v", names, want)
	}
	for i := range params.Value("layer.lora_B.new.weight").Float32s() {
		params.Value("layer.lora_B.new.weight").Float32s()[i] = 1
	}
	p.Stream = 1
	first := run(t, p)
	p.Stream = 2
	if second := run(t, p); slices.Equal(first.Float32s(), second.Float32s()) {
		t.Error("dropout drops the same elements in every stream")
	}
	eval := build(t, view, graph.Eval, declare)
	if first, second := run(t, eval), run(t, eval); !slices.Equal(first.Float32s(), second.Float32s()) {
		t.Error("dropout acts in evaluation")
	}
}

// TestLoRAShareABase: Programs with and without adapters over one base do not disturb one another.
func TestLoRAShareABase(t *testing.T) {
	z := size{2, 3, 6, 2, 5}
	declare := attentionDeclaration(z)
	params := graph.NewParams(tensor.Float32, 1)
	programs := map[string]*graph.Program{"": build(t, params, graph.Eval, declare)}
	for _, name := range []string{"a", "b"} {
		l := layers.LoRA{Name: name, Rank: 2, Alpha: 4, Targets: []string{"attn"}}
		programs[name] = build(t, params.Carry(l), graph.Eval, declare)
		for path, w := range params.All() {
			if l.Owns(path) && strings.Contains(path, "lora_B") {
				for i := range w.Float32s() {
					w.Float32s()[i] = float32(len(name)) + float32(i%5)*float32(name[0]-'`')/10
				}
			}
		}
	}
	alone := map[string]*tensor.Dense{}
	for name, p := range programs {
		alone[name] = run(t, p)
	}
	if slices.Equal(alone["a"].Float32s(), alone["b"].Float32s()) || slices.Equal(alone[""].Float32s(), alone["b"].Float32s()) {
		t.Error("adapters give the same results")
	}
	for _, name := range []string{"a", "", "b", "a", "b", ""} {
		if got := run(t, programs[name]); !slices.Equal(got.Float32s(), alone[name].Float32s()) {
			t.Errorf("adapter %q gives another result after other adapters", name)
		}
	}
}

// attentionDeclaration declares attention and a linear layer that is not part of it.
func attentionDeclaration(z size) func(*graph.Scope) {
	return func(s *graph.Scope) {
		x := s.In("x").Param("value", graph.Normal(1), z.b, z.t, z.c)
		x = layers.SelfAttention{Heads: z.h, Names: layers.LlamaAttention}.Forward(s.In("h.0.attn"), x, layers.Sequence{})
		y := layers.Linear{Out: z.c, InOut: true}.Forward(s.In("h.0.mlp.c_fc"), x)
		s.Output("y", y)
		s.Minimize(graphtest.Loss(s, y))
	}
}

// TestLoRATargets: which layers each kind of target selects, with which rank.
func TestLoRATargets(t *testing.T) {
	const q, k, v, o, fc = "h.0.attn.q_proj", "h.0.attn.k_proj", "h.0.attn.v_proj", "h.0.attn.o_proj", "h.0.mlp.c_fc"
	for _, c := range []struct{ targets, want []string }{
		{[]string{"all"}, []string{q, k, v, o, fc}},
		{[]string{"attn"}, []string{q, k, v, o}},
		{[]string{"q_proj", "c_fc"}, []string{q, fc}},
		{[]string{"transformer.h.0.mlp.c_fc"}, []string{fc}},
		{[]string{"h.*.attn.[qk]_proj"}, []string{q, k}},
		{[]string{`^.*\.(v_proj|c_fc)$`}, []string{v, fc}},
	} {
		l := layers.LoRA{Rank: 3, Alpha: 6, Targets: c.targets, Ranks: map[string]int{"c_fc": 1, "q_.*": 2}, Alphas: map[string]float64{"attn.q_proj": 8}}
		adapted, err := l.Layers(attentionDeclaration(size{1, 2, 4, 2, 1}))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, a := range adapted {
			got = append(got, a.Path)
			rank, scale := 3, 2.0
			switch a.Path {
			case fc:
				rank, scale = 1, 6
			case q:
				rank, scale = 2, 4
			}
			if a.Rank != rank || a.Scale != scale || a.InOut != (a.Path == fc) || a.Weight != a.Path+".weight" || a.A != a.Path+".lora_A.weight" {
				t.Errorf("%v: got %+v, want rank %d and scale %g", c.targets, a, rank, scale)
			}
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%v: got %v, want %v", c.targets, got, c.want)
		}
	}
}

// TestLoRAErrors: bad fields have one error that names the field, the value and the remedy.
func TestLoRAErrors(t *testing.T) {
	declare := attentionDeclaration(size{1, 2, 4, 2, 1})
	good := layers.LoRA{Rank: 2, Alpha: 4, Targets: []string{"all"}}
	for want, change := range map[string]func(l *layers.LoRA){
		"Rank is 0, want at least 1":                 func(l *layers.LoRA) { l.Rank = 0 },
		"Rank of x is -1, want at least 1":           func(l *layers.LoRA) { l.Ranks = map[string]int{"x": -1} },
		"Alpha is 0, want a finite number":           func(l *layers.LoRA) { l.Alpha = 0 },
		"Alpha of x is 0":                            func(l *layers.LoRA) { l.Alphas = map[string]float64{"x": 0} },
		"Dropout is 1, want":                         func(l *layers.LoRA) { l.Dropout = 1 },
		`Name is "a.b", want`:                        func(l *layers.LoRA) { l.Name = "a.b" },
		"Targets is empty, want":                     func(l *layers.LoRA) { l.Targets = nil },
		`target "h.[": syntax error`:                 func(l *layers.LoRA) { l.Targets = []string{"h.["} },
		`target "^(": error parsing`:                 func(l *layers.LoRA) { l.Targets = []string{"^("} },
		`pattern "(" of a rank`:                      func(l *layers.LoRA) { l.Ranks = map[string]int{"(": 1} },
		`rank 5 exceeds the smaller side of the 4×4`: func(l *layers.LoRA) { l.Rank = 5 },
		`target "query" selects no linear layer: want all, attn or names among q_proj, k_proj, v_proj, o_proj, c_fc`: func(l *layers.LoRA) {
			l.Targets = []string{"q_proj", "query"}
		},
	} {
		l := good
		change(&l)
		if _, err := l.Adapt(graph.NewParams(tensor.Float32, 1), declare); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want one with %q", err, want)
		}
	}
	adapted, err := good.Layers(declare)
	if err != nil {
		t.Fatal(err)
	}
	if err := layers.Merge(graph.NewParams(tensor.Float32, 1).All(), adapted); err == nil || !strings.Contains(err.Error(), "is missing") {
		t.Errorf("got error %v from a merge without weights, want one that names a missing weight", err)
	}
}
