package graph_test

import (
	"testing"
	"time"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// TestOperations: the operations of a Program add up to its memory and its work, and no two share memory at the same time.
func TestOperations(t *testing.T) {
	for _, mode := range []graph.Mode{graph.Train, graph.Eval} {
		for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			for name, extra := range map[string]func(*graph.Scope){"plain": func(*graph.Scope) {}, "recompute": func(s *graph.Scope) { s.Recompute("h.*") }} {
				p := buildOver(t, graph.NewParams(dt, 1), mode, func(s *graph.Scope) { extra(s); small.declare(s) })
				all, m := p.Operations(), p.Memory()
				gradients, arena, foreign := 0, 0, 0
				alive := make([]int, len(all)+1)
				for i, o := range all {
					gradients += o.Gradients
					foreign += o.Taken + o.Gradients
					for _, b := range o.Blocks {
						foreign -= b.Bytes
						arena = max(arena, b.Offset+b.Bytes)
						for k := i; k <= b.Until; k++ {
							alive[k] += b.Bytes
						}
						checkApart(t, all, i, b)
					}
					if o.Result == 0 || o.Shape == nil || !o.InPlace && o.Taken+o.Gradients < o.Result || o.Calls != 0 {
						t.Errorf("%s: operation %d is %+v", name, i, o)
					}
				}
				live := 0
				for _, n := range alive {
					live = max(live, n)
				}
				if gradients != m.Gradients || arena+foreign != m.Gradients+m.Arena || live != m.Live {
					t.Errorf("%v %v %s: gradients %d, arena %d + %d, live %d; the Program has %+v", mode, dt, name, gradients, arena, foreign, live, m)
				}
			}
		}
	}
}

// checkApart compares a block of operation i with those that later operations take while it is in use.
func checkApart(t *testing.T, all []graph.Operation, i int, b graph.Block) {
	t.Helper()
	for k := i; k < len(all) && k <= b.Until; k++ {
		for _, c := range all[k].Blocks {
			if (k > i || c != b) && c.Offset < b.Offset+b.Bytes && b.Offset < c.Offset+c.Bytes {
				t.Errorf("operation %d takes %+v, which operation %d has as %+v", k, c, i, b)
			}
		}
	}
}

// TestProfileOperations: the operations of a profile add up to its tables, and their costs to those of the runs.
func TestProfileOperations(t *testing.T) {
	p := buildOver(t, graph.NewParams(tensor.Float32, 1), graph.Train, small.declare)
	const runs = 3
	prof, err := p.Profile(func() (err error) {
		for range runs {
			if err == nil {
				err = p.Run(small.feed())
			}
		}
		return err
	})
	check(t, err)
	if len(prof.Operations) != len(p.Operations()) {
		t.Fatalf("got %d operations, want %d", len(prof.Operations), len(p.Operations()))
	}
	var time time.Duration
	flops, bytes := 0, 0
	for _, o := range prof.Operations {
		time, flops, bytes = time+o.Time, flops+runs*o.FLOPs, bytes+runs*o.Bytes
		if o.Calls != runs {
			t.Errorf("%s: %s has %d calls, want %d", o.Path, o.Name, o.Calls, runs)
		}
	}
	for name, table := range map[string][]graph.Cost{"operations": prof.ByOp, "paths": prof.ByPath} {
		sum := graph.Cost{}
		for _, c := range table {
			sum.Time, sum.FLOPs, sum.Bytes = sum.Time+c.Time, sum.FLOPs+c.FLOPs, sum.Bytes+c.Bytes
		}
		if sum.Time != time || sum.FLOPs != flops || sum.Bytes != bytes || flops == 0 {
			t.Errorf("%s: %+v, the single operations have %v, %d, %d", name, sum, time, flops, bytes)
		}
	}
}
