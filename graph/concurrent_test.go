package graph_test

import (
	"os"
	"os/exec"
	"slices"
	"sync"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// TestConcurrentBuild builds in many goroutines over the same new weights while others read them. All must get the weights and
// results of a single goroutine.
func TestConcurrentBuild(t *testing.T) {
	alone := graph.NewParams(tensor.Float32, 1)
	want := buildOver(t, alone, graph.Eval, small.declare)
	check(t, want.Run(small.feed()))
	params := graph.NewParams(tensor.Float32, 1)
	single := small
	single.b = 1
	var wg sync.WaitGroup
	programs := make([]*graph.Program, 8)
	for i := range programs {
		wg.Go(func() {
			p, err := graph.Build(params, graph.Eval, small.declare)
			if i%2 == 1 {
				p, err = graph.BuildShapes(params, graph.Eval, []gpt{single, small}, declareShape)
			}
			if err != nil {
				t.Error(err)
				return
			}
			programs[i] = p
			wg.Go(func() { _, _, _, _ = p.Output("logits"), p.InputShape("tokens"), p.String(), p.Targets()[0].IDs() })
			if err := p.Run(small.feed()); err != nil {
				t.Error(err)
			}
		})
		wg.Go(func() {
			params.Freeze("h.**")
			params.Unfreeze("h.**")
			_, _, _, _ = params.Len(), params.Size(), params.Summary(), params.Frozen("wte.weight")
			for name, v := range params.All() {
				if params.Value(name) != v {
					t.Errorf("%s: All and Value give different tensors", name)
				}
			}
			if _, err := graph.Estimate(params, graph.Train, small.declare); err != nil {
				t.Error(err)
			}
			params.Expect("", nil)
		})
	}
	wg.Wait()
	if got := names(params); !slices.Equal(got, names(alone)) {
		t.Errorf("got the parameters %v, want %v", got, names(alone))
	}
	for name, v := range alone.All() {
		if got := params.Value(name); got == nil || !slices.Equal(got.Float32s(), v.Float32s()) {
			t.Errorf("%s has other initial values than in a single goroutine", name)
		}
	}
	for _, p := range programs {
		if p != nil && !sameBits(results(t, p, "logits"), results(t, want, "logits")) {
			t.Error("a concurrent program gives other results than a single one")
		}
	}
}

// TestConcurrentStock builds every stock operation in several goroutines of a new process. Gorgonia's package has values that their
// first use changes, such as the hash of the constant 1: in a process that has built a graph before, no test under -race sees it.
func TestConcurrentStock(t *testing.T) {
	const child = "GRAPH_CONCURRENT_STOCK"
	if os.Getenv(child) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestConcurrentStock$")
		cmd.Env = append(os.Environ(), child+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	var cases [][2]any
	for i, c := range stockCases() {
		for j, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
			if i%2 == j || sweep.All() {
				cases = append(cases, [2]any{c, dt})
			}
		}
	}
	for _, c := range cases {
		start := make(chan struct{})
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				<-start
				if _, err := graph.Build(graph.NewParams(c[1].(tensor.Dtype), 1), graph.Train, c[0].(stockCase).declare); err != nil {
					t.Errorf("%s: %v", c[0].(stockCase).name, err)
				}
			})
		}
		close(start)
		wg.Wait()
	}
}

// waiting declares an operation that signals its start and then waits for a release.
func waiting(runs, goOn chan struct{}) func(*graph.Scope) {
	wait := func() error {
		runs <- struct{}{}
		<-goOn
		return nil
	}
	def := ops.Def{
		Name:   "Wait",
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{in[0]}, nil },
		Forward: ops.Kernel{
			F32: func(*ops.Call[float32]) error { return wait() },
			F64: func(*ops.Call[float64]) error { return wait() },
		},
	}
	return func(s *graph.Scope) {
		cache := s.State("cache", 2)
		s.Output("y", s.Try(ops.New(def, s.Add(s.Input("x", tensor.Float32, 2), cache))))
	}
}

// TestProgramInUse: every call that would disturb a run is refused while the run lasts, also through shared states.
func TestProgramInUse(t *testing.T) {
	runs, goOn := make(chan struct{}), make(chan struct{})
	p, sharer := build(t, waiting(runs, goOn)), build(t, waiting(runs, goOn))
	check(t, sharer.ShareStates(p))
	x := floats([]float32{1, 2}, 2)
	done := make(chan error)
	go func() { done <- p.Run(graph.Feed{"x": x}) }()
	<-runs
	for name, err := range map[string]error{
		"Run": p.Run(graph.Feed{"x": x}), "RunAll": p.RunAll(), "Let": p.Let("x", x), "ShareStates": p.ShareStates(sharer),
		"Run of a sharer": sharer.Run(graph.Feed{"x": x}),
	} {
		t.Run(name, func(t *testing.T) { checkError(t, err, "graph: |in use") })
	}
	close(goOn)
	check(t, <-done)
	go func() { <-runs }()
	check(t, p.Run(graph.Feed{"x": x}))
	checkError(t, p.ShareStates(nil), "nil")
	_, err := p.Profile(nil)
	checkError(t, err, "nil")
}

// TestPanicInWorker: a panic in a goroutine of the pool is an error of Run that names the operation. The Program can run again.
func TestPanicInWorker(t *testing.T) {
	broken := true
	forward := func(x []float32) error {
		if broken {
			kernel.Activate(kernel.Activation(99), x, x) // panics in every chunk
		}
		return nil
	}
	def := ops.Def{
		Name:    "Broken",
		Shapes:  func(in []tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{in[0]}, nil },
		Forward: ops.Kernel{F32: func(c *ops.Call[float32]) error { return forward(c.In[0].F) }},
	}
	p := build(t, func(s *graph.Scope) {
		s.In("h").At(3).Output("y", s.In("h").At(3).Try(ops.New(def, s.Input("x", tensor.Float32, 1<<20))))
	})
	feed := graph.Feed{"x": floats(make([]float32, 1<<20), 1<<20)}
	for range 20 {
		broken = true
		checkError(t, p.Run(feed), "graph: run: h.3: Broken: |panic: ")
		broken = false
		check(t, p.Run(feed))
	}
}

// TestNestedBuild builds a graph within the declaration of another one.
func TestNestedBuild(t *testing.T) {
	nested := func(s *graph.Scope) {
		inner := buildOver(t, graph.NewParams(tensor.Float32, 1), graph.Eval, small.declare)
		check(t, inner.Run(small.feed()))
		small.declare(s)
	}
	p := buildOver(t, graph.NewParams(tensor.Float32, 1), graph.Eval, nested)
	check(t, p.Run(small.feed()))
}
