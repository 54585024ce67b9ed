package train_test

import (
	"context"
	"math"
	"runtime"
	"slices"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// text16 returns a corpus over 16 ids in which the last token mostly determines the next.
func text16(t testing.TB, n int) *data.Corpus {
	ids := make([]int32, n)
	for i := 1; i < n; i++ {
		ids[i] = (ids[i-1]*5 + 3 + int32(i%7/6)) % 16
	}
	return must[*data.Corpus](t)(data.NewCorpus(ids))
}

// run trains to the end and returns the reports.
func run(t testing.TB, tr *train.Trainer, s train.Source) []train.Report {
	t.Helper()
	var all []train.Report
	for r, err := range tr.Steps(context.Background(), s) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func TestTrainerLearns(t *testing.T) {
	tr := train.Trainer{Program: buildBigram(t, tensor.Float32, 8, 10), Optimizer: &train.AdamW{WeightDecay: 0.01},
		Rate: train.Cosine(0.05, 0.001, 5, 100), Clip: 1, Until: 100}
	all := run(t, &tr, text16(t, 2000).Batches(8, 10))
	first, last := all[0], all[99]
	if len(all) != 100 || first.Step != 1 || last.Step != 100 || tr.Step != 100 || tr.Batch != 100 || tr.Tokens != 8000 || first.Tokens != 80 {
		t.Errorf("got %d reports from step %d to %d and state %+v", len(all), first.Step, last.Step, tr.State)
	}
	if first.Rate != tr.Rate(0) || last.Rate != tr.Rate(99) || first.GradNorm <= 0 || first.Elapsed <= 0 {
		t.Errorf("got report %+v, want the rate of step 0, a norm and a time", first)
	}
	// Guessing costs ln 16 = 2.8. Each id is followed by one of two, at 6:1, which costs 0.41 at best; dropout adds to it.
	if first.Loss < 2 || last.Loss > 1.2 {
		t.Errorf("got a loss of %v at first and %v at last, want it to fall from above 2 below 1.2", first.Loss, last.Loss)
	}
	if got := run(t, &tr, text16(t, 2000).Batches(8, 10)); len(got) != 0 {
		t.Errorf("got %d steps after the end, want none", len(got))
	}
}

func TestClip(t *testing.T) {
	tr := train.Trainer{Program: buildBigram(t, tensor.Float64, 4, 6), Optimizer: &train.SGD{}, Rate: train.Constant(1), Clip: 0.01, Until: 1}
	before := weights(tr.Program)
	r := run(t, &tr, text16(t, 100).Batches(4, 6))[0]
	moved := 0.0
	for i, w := range weights(tr.Program) {
		moved += (w - before[i]) * (w - before[i])
	}
	if r.GradNorm < 0.02 {
		t.Fatalf("got a norm of %v, too small to be clipped to 0.01", r.GradNorm)
	}
	near(t, "length of the step", []float64{math.Sqrt(moved)}, []float64{0.01 * r.GradNorm / (r.GradNorm + 1e-6)}, 1e-14)
	for _, c := range [][3]float64{{2, 1, 1 / (2 + 1e-6)}, {0.5, 1, 1}, {5, 0, 1}} {
		if got := train.ClipFactor(c[0], c[1]); got != c[2] {
			t.Errorf("norm %v, limit %v: got factor %v, want %v", c[0], c[1], got, c[2])
		}
	}
}

func TestStepsAllocateNothing(t *testing.T) {
	tr := train.Trainer{Program: buildBigram(t, tensor.Float32, 4, 6), Optimizer: &train.AdamW{},
		Rate: train.Linear(1e-3, 0, 5, 1000), Clip: 1, MicroBatches: 2}
	source := text16(t, 500).Shuffled(4, 6)
	train := func(until int) {
		tr.Until = until
		for _, err := range tr.Steps(t.Context(), source) {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	mallocs := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.Mallocs
	}
	train(20)
	train(21)
	start := mallocs()
	train(22)
	one := mallocs() - start
	start = mallocs()
	train(222)
	if many := mallocs() - start; many > one+20 { // the runtime's own goroutines allocate now and then
		t.Errorf("got %d allocations in 200 steps and %d in one, want no more", many, one)
	}
}

func TestContextEndsAfterTheStep(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	tr := train.Trainer{Program: buildBigram(t, tensor.Float32, 2, 3), Optimizer: &train.SGD{}}
	for r, err := range tr.Steps(ctx, text16(t, 100).Batches(2, 3)) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Step == 3 {
			cancel()
		}
	}
	if tr.Step != 3 {
		t.Errorf("got %d steps, want the 3 before the context ended", tr.Step)
	}
	for range tr.Steps(context.Background(), text16(t, 100).Batches(2, 3)) {
		break
	}
	if tr.Step != 4 {
		t.Errorf("got step %d after a break, want 4", tr.Step)
	}
}

// firstError returns the error of the next step.
func firstError(tr *train.Trainer, s train.Source) error {
	for _, err := range tr.Steps(context.Background(), s) {
		return err
	}
	return nil
}

func TestNonFinite(t *testing.T) {
	source := text16(t, 100).Batches(2, 3)
	tr := train.Trainer{Program: buildBigram(t, tensor.Float32, 2, 3), Optimizer: &train.SGD{}, Until: 2}
	run(t, &tr, source)
	tr.Until = 9
	tr.Program.Params().Value("head.bias").Float32s()[3] = float32(math.NaN())
	before := tr.State
	wantError(t, firstError(&tr, source), "train: step 3", "loss of batch 2 is NaN")
	if tr.State != before {
		t.Errorf("got state %+v after the error, want %+v", tr.State, before)
	}

	root, err := graph.Build(graph.NewParams(tensor.Float64, 1), graph.Train, func(s *graph.Scope) {
		w := s.Param("w", graph.Zeros(), 1)
		s.Input("x", tensor.Float64, 1)
		s.Minimize(s.Try(ops.Reshape(s.Try(G.Sqrt(w)))))
	})
	if err != nil {
		t.Fatal(err)
	}
	tr = train.Trainer{Program: root, Optimizer: &train.SGD{}}
	wantError(t, firstError(&tr, floats{1}), "train: step 1", "gradient of w is", "element 0")
	if got := root.Params().Value("w").Float64s()[0]; got != 0 {
		t.Errorf("got weight %v after the error, want it unchanged", got)
	}
}

// floats feeds numbers x and no targets.
type floats []float64

func (x floats) Batch(int) (graph.Feed, error) {
	return graph.Feed{"x": tensor.New(tensor.WithBacking([]float64(x)), tensor.WithShape(len(x)))}, nil
}

func TestTrainerErrors(t *testing.T) {
	program, source := buildBigram(t, tensor.Float32, 2, 3), text16(t, 100).Batches(2, 3)
	eval, err := graph.Build(program.Params(), graph.Eval, bigram(2, 3, 16))
	if err != nil {
		t.Fatal(err)
	}
	sgd := &train.SGD{}
	for _, c := range []struct {
		tr     train.Trainer
		source train.Source
		words  []string
	}{
		{train.Trainer{Optimizer: sgd}, source, []string{"Program is nil"}},
		{train.Trainer{Program: program}, source, []string{"Optimizer is nil"}},
		{train.Trainer{Program: program, Optimizer: sgd}, nil, []string{"Source is nil"}},
		{train.Trainer{Program: eval, Optimizer: sgd}, source, []string{"program for eval", "mode train"}},
		{train.Trainer{Program: program, Optimizer: sgd, Clip: -1}, source, []string{"Clip is -1"}},
		{train.Trainer{Program: program, Optimizer: sgd, Until: -1}, source, []string{"Until is -1"}},
		{train.Trainer{Program: program, Optimizer: sgd, Rate: train.Constant(-1)}, source, []string{"learning rate is -1"}},
		{train.Trainer{Program: program, Optimizer: G.NewAdamW()}, source, []string{"never changes the weights"}},
		{train.Trainer{Program: program, Optimizer: G.NewAdaGradSolver(), Rate: train.Constant(1)}, source, []string{"AdaGradSolver cannot be set"}},
		{train.Trainer{Program: program, Optimizer: sgd}, text16(t, 100).Batches(2, 4), []string{"step 1", "has shape (2, 4), want (2, 3)"}},
		{train.Trainer{Program: program, Optimizer: sgd}, text16(t, 3).Batches(2, 3), []string{"step 1", "3 tokens are fewer"}},
		{train.Trainer{Program: program, Optimizer: sgd}, hidden{source}, []string{"step 1", "no target counts in batches 0 … 0"}},
	} {
		before := weights(program)
		wantError(t, firstError(&c.tr, c.source), append(c.words, "train: ")...)
		if !slices.Equal(weights(program), before) {
			t.Errorf("%v: the weights have changed", c.words)
		}
	}
}

// hidden hides all targets.
type hidden struct{ train.Source }

func (h hidden) Batch(i int) (graph.Feed, error) {
	f, err := h.Source.Batch(i)
	for k := range f["targets"].Int32s() {
		f["targets"].Int32s()[k] = ops.IgnoreTarget
	}
	return f, err
}

func TestGorgoniaSolversDriveTheTrainer(t *testing.T) {
	for name, c := range map[string]struct {
		theirs, ours G.Solver
		rate         train.Schedule
	}{
		"Adam":    {G.NewAdamSolver(), &train.Adam{}, train.Linear(0.05, 0, 3, 20)},
		"Vanilla": {G.NewVanillaSolver(), &train.SGD{}, train.Linear(0.05, 0, 3, 20)},
		// Gorgonia sums rate·gradient and PyTorch the gradients, which is the same at a constant rate only.
		"Momentum": {G.NewMomentum(G.WithMomentum(0.9)), &train.SGD{Momentum: 0.9}, train.Constant(0.05)},
	} {
		var end [2][]float64
		for i, solver := range []G.Solver{c.theirs, c.ours} {
			tr := train.Trainer{Program: buildBigram(t, tensor.Float64, 4, 6), Optimizer: solver, Rate: c.rate, Clip: 1, Until: 20}
			all := run(t, &tr, text16(t, 500).Batches(4, 6))
			end[i] = weights(tr.Program)
			if all[19].Loss >= all[0].Loss {
				t.Errorf("%s: got a loss of %v at first and %v at last, want it to fall", name, all[0].Loss, all[19].Loss)
			}
		}
		near(t, name, end[0], end[1], 1e-4) // Gorgonia's Adam adds Eps at another place, which shows where gradients are small
	}
}
