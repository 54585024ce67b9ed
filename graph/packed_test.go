package graph_test

import (
	"math"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// matrices declares a table that is looked up and is the head, as tied models have, a layer in both layouts, and a table of positions. "added" is
// in another operation, too.
func matrices(s *graph.Scope) {
	ids, x := s.Input("ids", tensor.Int32, 3), (*G.Node)(nil)
	table := s.Param("table", graph.Normal(1), 5, 64)
	x = s.Try(ops.Embedding(table, ids))
	x = s.Add(x, s.Try(ops.Embedding(s.Param("positions", graph.Normal(1), 5, 64), ids)))
	in := s.Try(ops.Linear(x, s.Param("inout", graph.Normal(0.1), 64, 32), s.Param("bias", graph.Normal(1), 32), ops.LinearOptions{InOut: true, Act: kernel.GELU}))
	out := s.Try(ops.Linear(in, s.Param("outin", graph.Normal(0.1), 64, 32), nil, ops.LinearOptions{}))
	added := s.Param("added", graph.Normal(0.1), 64, 64)
	x = s.Try(ops.Linear(s.Add(x, out), s.Try(ops.Add(added, added)), nil, ops.LinearOptions{}))
	s.Output("logits", s.Try(ops.Linear(x, table, nil, ops.LinearOptions{})))
	s.Minimize(s.Try(ops.CrossEntropy(s.Try(ops.Linear(x, table, nil, ops.LinearOptions{})), ids, 0)))
}

func TestPackings(t *testing.T) {
	forms, err := graph.Packings(graph.NewParams(tensor.Float32, 1), graph.Decode, matrices)
	check(t, err)
	for path, want := range map[string]graph.Packing{
		"table": {Rows: 5, Cols: 64}, "positions": {Rows: 5, Cols: 64, Table: true}, "inout": {Rows: 32, Cols: 64, Trans: true}, "outin": {Rows: 64, Cols: 32},
	} {
		got, ok := forms[path]
		if got.Shape = nil; !ok || got.Rows != want.Rows || got.Cols != want.Cols || got.Trans != want.Trans || got.Table != want.Table {
			t.Errorf("%s: got %+v, want %+v", path, got, want)
		}
		delete(forms, path)
	}
	if len(forms) > 0 {
		t.Errorf("got %v besides", forms)
	}
}

// TestPack compares a Program over packed weights with one over their values.
func TestPack(t *testing.T) {
	ids := graph.Feed{"ids": tensor.New(tensor.WithBacking([]int32{4, 0, 2}))}
	dense := graph.NewParams(tensor.Float32, 1)
	plain, err := graph.Build(dense, graph.Decode, matrices)
	check(t, err)
	for q, tol := range map[kernel.Quant]float64{kernel.BF16: 0.03, kernel.F16: 0.01, kernel.Q8_0: 0.05, kernel.Q4_0: 0.7} {
		params, err := graph.Pack(dense, q, graph.Decode, matrices)
		check(t, err)
		p, err := graph.Build(params, graph.Decode, matrices)
		check(t, err)
		if params.Len() != 2 || params.Packed("table") == nil || params.Value("table") != nil {
			t.Errorf("got %d tensors, want bias and added", params.Len())
		}
		check(t, plain.Run(ids))
		check(t, p.Run(ids))
		want, got := plain.Output("logits").Float32s(), p.Output("logits").Float32s()
		var miss, size float64
		for i, v := range want {
			d := float64(got[i] - v)
			miss, size = miss+d*d, size+float64(v*v)
		}
		if r := math.Sqrt(miss / size); !(r <= tol) || r == 0 {
			t.Errorf("%v: relative error %g, want at most %g and not 0", q, r, tol)
		}
		if n := testing.AllocsPerRun(5, func() { _ = p.Run(ids) }); n > testing.AllocsPerRun(5, func() { _ = plain.Run(ids) }) {
			t.Errorf("%v: %g allocations in a run", q, n)
		}
		if m := p.Memory().Params; m >= plain.Memory().Params {
			t.Errorf("%v: parameters take %d bytes, in float32 %d", q, m, plain.Memory().Params)
		}
	}
}

func TestPackErrors(t *testing.T) {
	dense := graph.NewParams(tensor.Float32, 1)
	_, err := graph.Build(dense, graph.Decode, matrices)
	check(t, err)
	forms, err := graph.Packings(dense, graph.Decode, matrices)
	check(t, err)
	wide := kernel.Pack(kernel.Q8_0, 5, 64, kernel.Matrix[float32]{Data: make([]float32, 320), Stride: 64})
	short := *wide
	short.Data = short.Data[1:]
	fresh := func() *graph.Params { return graph.NewParams(tensor.Float32, 1) }
	twice, err := graph.Pack(dense, kernel.Q8_0, graph.Decode, matrices)
	check(t, err)
	other := fresh()
	check(t, other.Pack("table", graph.Packing{Shape: []int{64, 5}, Rows: 5, Cols: 64, Trans: true}, wide))
	added := fresh()
	check(t, added.Pack("added", graph.Packing{Shape: []int{64, 64}, Rows: 64, Cols: 64}, kernel.Pack(kernel.Q8_0, 64, 64, kernel.Matrix[float32]{Data: make([]float32, 4096), Stride: 64})))
	for want, got := range map[string]error{
		"exists already":                           dense.Pack("table", forms["table"], wide),
		"pack table: the parameter exists":         twice.Pack("table", forms["table"], wide),
		"5 by 64, the form is 64 by 32":            fresh().Pack("outin", forms["outin"], wide),
		"has 339 bytes, 5 by 64 weights of Q8_0":   fresh().Pack("table", forms["table"], &short),
		"is nil":                                   fresh().Pack("table", forms["table"], nil),
		"shape (64, 5) but is declared as (5, 64)": built(other, graph.Decode),
		"parameter is packed as Q8_0, which Add":   built(added, graph.Decode),
	} {
		if got == nil || !strings.Contains(got.Error(), want) {
			t.Errorf("got error %v, want one with %q", got, want)
		}
	}
	p := fresh()
	check(t, p.Pack("table", forms["table"], wide))
	_, err = graph.Build(p, graph.Decode, func(s *graph.Scope) {
		table := s.Param("table", graph.Normal(1), 5, 64)
		s.Output("sum", s.Try(ops.Add(table, table)))
	})
	if err == nil || !strings.Contains(err.Error(), "table: parameter is packed as Q8_0, which Add") {
		t.Errorf("got error %v, want one that names Add", err)
	}
	_, err = graph.Build(p, graph.Decode, func(s *graph.Scope) { s.Output("table", s.Param("table", graph.Normal(1), 5, 64)) })
	if err == nil || !strings.Contains(err.Error(), "no output") {
		t.Errorf("got error %v, want one that names the output", err)
	}
}

func built(p *graph.Params, mode graph.Mode) error {
	_, err := graph.Build(p, mode, matrices)
	return err
}

// unpacked returns the values of a packed parameter.
func unpacked(form graph.Packing, w *kernel.Packed) []float64 {
	values, row := make([]float64, w.Rows*w.Cols), make([]float32, w.Cols)
	for i := range w.Rows {
		w.Row(i, row)
		for j, v := range row {
			if form.Trans {
				values[j*w.Rows+i] = float64(v)
			} else {
				values[i*w.Cols+j] = float64(v)
			}
		}
	}
	return values
}

// TestPackedGradients compares the gradients of the weights that are trained over packed ones with those of a Program in float64 over the
// values of the packed ones. Products with Q8_0 and Q4_0 round the other operand to 8 bits, which the gradients show.
func TestPackedGradients(t *testing.T) {
	ids := graph.Feed{"ids": tensor.New(tensor.WithBacking([]int32{4, 0, 2}))}
	dense := graph.NewParams(tensor.Float32, 1)
	check(t, built(dense, graph.Eval))
	dense.Freeze("**")
	for _, name := range []string{"bias", "added"} {
		dense.Unfreeze(name)
	}
	forms, err := graph.Packings(dense, graph.Train, matrices)
	check(t, err)
	if len(forms) != 4 {
		t.Fatalf("got %v, want the four frozen matrices", forms)
	}
	for q, tol := range map[kernel.Quant]float64{kernel.BF16: 1e-5, kernel.F16: 1e-5, kernel.Q8_0: 0.03, kernel.Q4_0: 0.03} {
		params, err := graph.Pack(dense, q, graph.Train, matrices)
		check(t, err)
		exact := graph.NewParams(tensor.Float64, 1)
		check(t, built(exact, graph.Eval))
		for path, x := range exact.All() {
			if w := params.Packed(path); w != nil {
				copy(x.Float64s(), unpacked(forms[path], w))
				continue
			}
			for i, v := range dense.Value(path).Float32s() {
				x.Float64s()[i] = float64(v)
			}
		}
		p, err := graph.Build(params, graph.Train, matrices)
		check(t, err)
		reference, err := graph.Build(exact, graph.Train, matrices)
		check(t, err)
		check(t, p.Run(ids))
		check(t, reference.Run(ids))
		if len(p.Weights()) != 2 {
			t.Fatalf("%v: %d weights are trained, want 2", q, len(p.Weights()))
		}
		want := map[string][]float64{}
		for _, w := range reference.Weights() {
			g, _ := w.Grad()
			want[w.Name()] = g.Data().([]float64)
		}
		for _, w := range p.Weights() {
			g, _ := w.Grad()
			var miss, size float64
			for i, v := range g.Data().([]float32) {
				d := float64(v) - want[w.Name()][i]
				miss, size = miss+d*d, size+want[w.Name()][i]*want[w.Name()][i]
			}
			if r := math.Sqrt(miss / size); !(r <= tol) {
				t.Errorf("%v: gradient of %s has relative error %g, want at most %g", q, w.Name(), r, tol)
			}
		}
		if n := testing.AllocsPerRun(5, func() { _ = p.Run(ids) }); n > 0 {
			t.Errorf("%v: %g allocations in a step", q, n)
		}
	}
}
