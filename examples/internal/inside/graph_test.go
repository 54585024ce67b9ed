package inside

import (
	"context"
	"math"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// addsUp compares the sums of a graph: operations add up to their scope, scopes to the scope above, and the whole to the Program.
func addsUp(t *testing.T, g *page.Graph, params *graph.Params) {
	t.Helper()
	sums(t, g.Root)
	if g.Root.Parameters != params.Size() || g.Root.Count != g.Steps || g.Root.Count == 0 {
		t.Errorf("%d parameters and %d operations, the Program has %d and %d", g.Root.Parameters, g.Root.Count, params.Size(), g.Steps)
	}
	m, end, blocks := g.Memory, 0, 0
	for _, b := range g.Blocks {
		end, blocks = max(end, b.Offset+b.Bytes), blocks+b.Bytes
		if b.From < 0 || b.Until < b.From || b.Until > g.Steps {
			t.Errorf("block %+v of %d operations", b, g.Steps)
		}
	}
	foreign := g.Root.Memory - blocks // results in other types have no place in the plan
	if foreign < 0 || end+foreign != m.Gradients+m.Arena || m.Weights+m.Gradients+m.Inputs+m.Arena != m.Total {
		t.Errorf("the blocks end at %d, other results take %d; the memory is %+v", end, foreign, m)
	}
}

func sums(t *testing.T, n page.Node) {
	t.Helper()
	var w page.Work
	parameters := 0
	add := func(v page.Work) {
		w.Count, w.FLOPs, w.Seconds, w.Bytes, w.Memory = w.Count+v.Count, w.FLOPs+v.FLOPs, w.Seconds+v.Seconds, w.Bytes+v.Bytes, w.Memory+v.Memory
	}
	for _, o := range n.Operations {
		add(o.Work)
		if o.Count < 1 || o.Result <= 0 || !o.Shared && o.Memory < o.Result {
			t.Errorf("%s: operation %+v", n.Path, o)
		}
	}
	for _, p := range n.Parts {
		sums(t, p)
		add(p.Work)
		parameters += p.Parameters
	}
	if math.Abs(w.Seconds-n.Seconds) > 1e-9*n.Seconds || len(n.Shapes) == 0 && parameters != n.Parameters {
		t.Errorf("%q: %g s and %d parameters below, want %g and %d", n.Path, w.Seconds, parameters, n.Seconds, n.Parameters)
	}
	if w.Seconds = n.Seconds; w != n.Work {
		t.Errorf("%q: %+v, its parts have %+v", n.Path, n.Work, w)
	}
}

// TestStepGraph: the graph of a Program in training adds up, and measuring it changes no bit of the training.
func TestStepGraph(t *testing.T) {
	m := models.GPT{Vocab: 40, Context: 8, Layers: 2, Heads: 2, Dim: 8, Dropout: 0.1}
	weights := func(asked bool) []float32 {
		params := graph.NewParams(tensor.Float32, 1)
		p, err := graph.Build(params, graph.Train, m.Loss(2, 8))
		if err != nil {
			t.Fatal(err)
		}
		step := page.NewStep(p)
		if now, cancel := context.WithCancel(context.Background()); asked {
			cancel()
			if _, err := step.Graph(now); err == nil {
				t.Error("there is a graph before the first step")
			}
		} else {
			cancel()
		}
		tr := train.Trainer{Program: p, Optimizer: &train.AdamW{}, Rate: train.Constant(1e-2), Clip: 1, MicroBatches: 2, Until: 4}
		for _, err := range tr.Steps(context.Background(), tokensOf{m}) {
			if err != nil {
				t.Fatal(err)
			}
			step.Between()
		}
		if asked {
			g, err := step.Graph(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			addsUp(t, g, params)
			if g.Root.Seconds <= 0 || g.Memory.Gradients != g.Memory.Weights {
				t.Errorf("got %g s and memory %+v", g.Root.Seconds, g.Memory)
			}
		}
		var all []float32
		for _, v := range params.All() {
			all = append(all, v.Float32s()...)
		}
		return all
	}
	if !slices.Equal(weights(false), weights(true)) {
		t.Error("the measured training has other weights")
	}
}

// tokensOf makes batches of two texts of eight tokens.
type tokensOf struct{ models.GPT }

func (s tokensOf) Batch(i int) (graph.Feed, error) {
	ids := make([]int32, 16)
	for k := range ids {
		ids[k] = int32((7*i + 3*k) % s.Vocab)
	}
	of := func() *tensor.Dense { return tensor.New(tensor.WithShape(2, 8), tensor.WithBacking(slices.Clone(ids))) }
	return graph.Feed{"tokens": of(), "targets": of()}, nil
}
