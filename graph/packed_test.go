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
	for want, got := range map[string]error{
		"exists already":                           dense.Pack("table", forms["table"], wide),
		"pack table: the parameter exists":         twice.Pack("table", forms["table"], wide),
		"5 by 64, the form is 64 by 32":            fresh().Pack("outin", forms["outin"], wide),
		"has 339 bytes, 5 by 64 weights of Q8_0":   fresh().Pack("table", forms["table"], &short),
		"is nil":                                   fresh().Pack("table", forms["table"], nil),
		"shape (64, 5) but is declared as (5, 64)": built(other, graph.Decode),
		"packed as Q8_0, which LinearBackward":     built(twice, graph.Train),
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
