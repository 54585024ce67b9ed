package train_test

import (
	"context"
	"runtime"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
)

// shapes are sizes (b, t) of batches of about as many tokens.
var shapes = [][2]int{{4, 6}, {2, 11}, {8, 3}}

// buildShapes makes a Program of all shapes over p.
func buildShapes(t testing.TB, p *graph.Params, mode graph.Mode, declare func(b, t int) func(*graph.Scope)) *graph.Program {
	t.Helper()
	program, err := graph.BuildShapes(p, mode, shapes, func(s *graph.Scope, size [2]int) { declare(size[0], size[1])(s) })
	if err != nil {
		t.Fatal(err)
	}
	return program
}

func bigram16(b, t int) func(*graph.Scope) { return bigram(b, t, 16) }

// mixed returns batches of all shapes in turn, twice each.
type mixed []train.Source

func mixedOf(t testing.TB) mixed {
	corpus := text16(t, 500)
	var all mixed
	for _, size := range shapes {
		all = append(all, ragged{corpus.Shuffled(size[0], size[1])})
	}
	return all
}

func (m mixed) Batch(i int) (graph.Feed, error) { return m[i/2%len(m)].Batch(i) }

// TestShapesResume: a run over batches of several shapes, saved and resumed in its middle, repeats the uninterrupted one bit for bit,
// for any number of processors.
func TestShapesResume(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, micro := range []int{1, 3} {
		trainer := func(until int) *train.Trainer {
			return &train.Trainer{Program: buildShapes(t, graph.NewParams(tensor.Float32, 7), graph.Train, bigram16), Optimizer: &train.AdamW{},
				Rate: train.Cosine(0.05, 0.001, 5, 12), Clip: 0.5, Until: until, MicroBatches: micro}
		}
		runtime.GOMAXPROCS(1)
		whole, before := trainer(12), trainer(5)
		all := run(t, whole, mixedOf(t))
		run(t, before, mixedOf(t))
		runtime.GOMAXPROCS(3)
		after := trainer(12)
		for name, v := range before.Program.Params().All() {
			copy(after.Program.Params().Value(name).Float32s(), v.Float32s())
		}
		if err := after.Resume(before.State, saved(before.Optimizer.(train.Stateful))); err != nil {
			t.Fatal(err)
		}
		for i, r := range run(t, after, mixedOf(t)) {
			if want := all[5+i]; r.Loss != want.Loss || r.GradNorm != want.GradNorm || r.Tokens != want.Tokens {
				t.Errorf("%d micro-batches: got %+v after the resumption, want %+v", micro, r, want)
			}
		}
		if after.State != whole.State || !slices.Equal(weights(after.Program), weights(whole.Program)) {
			t.Errorf("%d micro-batches: the weights or the state differ after the resumption", micro)
		}
	}
}

// TestShapesMicroBatches: micro-batches of several shapes make up one step and count by their targets. The step equals the one over
// the same targets in a batch of one shape.
func TestShapesMicroBatches(t *testing.T) {
	batches := mixedOf(t)
	rows, ids := 0, map[string][]int32{}
	for i := range 6 { // all rows, padded to 11 tokens
		feed := must[graph.Feed](t)(batches.Batch(i))
		b, n := feed["tokens"].Shape()[0], feed["tokens"].Shape()[1]
		for r := range b {
			for name, pad := range map[string]int32{"tokens": 0, "targets": ops.IgnoreTarget} {
				ids[name] = append(append(ids[name], feed[name].Int32s()[r*n:(r+1)*n]...), slices.Repeat([]int32{pad}, 11-n)...)
			}
		}
		rows += b
	}
	padded := graph.Feed{}
	for name, v := range ids {
		padded[name] = tensor.New(tensor.WithShape(rows, 11), tensor.WithBacking(v))
	}
	one, err := graph.Build(graph.NewParams(tensor.Float64, 3), graph.Train, linear(rows, 11))
	if err != nil {
		t.Fatal(err)
	}
	whole := &train.Trainer{Program: one, Optimizer: &train.SGD{Rate: 1}, Clip: 0.1, Until: 1}
	parts := &train.Trainer{Program: buildShapes(t, graph.NewParams(tensor.Float64, 3), graph.Train, linear), Optimizer: &train.SGD{Rate: 1},
		Clip: 0.1, Until: 1, MicroBatches: 6}
	want, got := run(t, whole, always{padded})[0], run(t, parts, batches)[0]
	// Sums of a few dozen numbers in another order.
	near(t, "loss and norm", []float64{got.Loss, got.GradNorm}, []float64{want.Loss, want.GradNorm}, 1e-12)
	near(t, "weights", weights(parts.Program), weights(whole.Program), 1e-12)
	if got.Tokens != want.Tokens || got.Tokens == 6*24 {
		t.Errorf("got %d targets, want %d, and some hidden", got.Tokens, want.Tokens)
	}
}

// always returns the same batch.
type always struct{ feed graph.Feed }

func (a always) Batch(int) (graph.Feed, error) { return a.feed, nil }

// TestShapesEvaluate: batches of several shapes count by their targets, as Programs of one shape do.
func TestShapesEvaluate(t *testing.T) {
	p, batches := graph.NewParams(tensor.Float64, 7), mixedOf(t)
	got, err := train.Evaluate(context.Background(), buildShapes(t, p, graph.Eval, bigram16), batches, 6)
	if err != nil {
		t.Fatal(err)
	}
	loss, right, tokens := 0.0, 0.0, 0
	for i := range 6 {
		size := shapes[i/2]
		one, err := graph.Build(p, graph.Eval, bigram16(size[0], size[1]))
		if err != nil {
			t.Fatal(err)
		}
		e, err := train.Evaluate(context.Background(), one, always{must[graph.Feed](t)(batches.Batch(i))}, 1)
		if err != nil {
			t.Fatal(err)
		}
		loss, right, tokens = loss+e.Loss*float64(e.Tokens), right+e.Accuracy*float64(e.Tokens), tokens+e.Tokens
	}
	near(t, "loss and accuracy", []float64{got.Loss, got.Accuracy}, []float64{loss / float64(tokens), right / float64(tokens)}, 1e-14) // few sums
	if got.Tokens != tokens {
		t.Errorf("got %d targets, want %d", got.Tokens, tokens)
	}
	_, err = train.Evaluate(context.Background(), buildShapes(t, p, graph.Eval, bigram16), ragged{text16(t, 100).Batches(4, 7)}, 1)
	wantError(t, err, "train: evaluate: batch 0: graph: set: input targets has shape (4, 7), want one of (4, 6), (2, 11), (8, 3)")
}

// TestShapesOnly: Only keeps the inputs that every size has.
func TestShapesOnly(t *testing.T) {
	p := buildShapes(t, graph.NewParams(tensor.Float32, 7), graph.Eval, func(b, t int) func(*graph.Scope) {
		return func(s *graph.Scope) {
			tokens := s.Input("tokens", tensor.Int32, b, t)
			s.Output("logits", s.Try(ops.Embedding(s.Param("table", graph.Normal(0.5), 16, 16), tokens)))
		}
	})
	source := train.Only(p, mixedOf(t))
	for i := range 6 {
		if err := p.Run(must[graph.Feed](t)(source.Batch(i))); err != nil {
			t.Fatal(err)
		}
		if got := p.Output("logits").Shape(); got[0] != shapes[i/2][0] || got[1] != shapes[i/2][1] {
			t.Errorf("batch %d: got logits of shape %v, want %v", i, got, shapes[i/2])
		}
	}
}

// TestShapesAllocateNothing: once every shape has run, steps over all of them allocate nothing.
func TestShapesAllocateNothing(t *testing.T) {
	tr := train.Trainer{Program: buildShapes(t, graph.NewParams(tensor.Float32, 7), graph.Train, bigram16), Optimizer: &train.AdamW{},
		Rate: train.Linear(1e-3, 0, 5, 1000), Clip: 1, MicroBatches: 2}
	source := mixedOf(t)
	if got, want := stepAllocations(t, &tr, source, 222), stepAllocations(t, &tr, source, 223); got > want+20 {
		t.Errorf("got %d allocations in 201 steps and %d in one, want no more", got, want)
	}
}

// stepAllocations trains to a step and returns the number of allocations. At first it trains every shape.
func stepAllocations(t testing.TB, tr *train.Trainer, source train.Source, until int) uint64 {
	if tr.Until = 21; tr.Step < tr.Until {
		run(t, tr, source)
	}
	var before, after runtime.MemStats
	tr.Until = until
	runtime.ReadMemStats(&before)
	for _, err := range tr.Steps(t.Context(), source) {
		if err != nil {
			t.Fatal(err)
		}
	}
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}
