package train_test

import (
	"context"
	"math"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
)

// countCase is a loss over a table of 5 classes, with tokens (B, 9) and targets of any name.
type countCase struct {
	inputs func(s *graph.Scope, name string, b int) *G.Node
	loss   func(s *graph.Scope, x, w, targets *G.Node) *G.Node // x (B, 9, 4), w (5, 4)
	floats bool                                                // the targets are a mask of numbers
}

func idsInput(s *graph.Scope, name string, b int) *G.Node { return s.Input(name, tensor.Int32, b, 9) }

var countCases = map[string]countCase{
	"CrossEntropy": {idsInput, func(s *graph.Scope, x, w, y *G.Node) *G.Node {
		return s.Try(ops.CrossEntropy(s.Try(ops.Linear(x, w, nil, ops.LinearOptions{})), y, 0))
	}, false},
	"smoothing, scaled, with a penalty": {idsInput, func(s *graph.Scope, x, w, y *G.Node) *G.Node {
		loss := s.Try(ops.Scale(s.Try(ops.CrossEntropy(s.Try(ops.Linear(x, w, nil, ops.LinearOptions{})), y, 0.1)), 3))
		return s.Add(loss, s.Try(G.Mean(s.Try(G.Square(w)))))
	}, false},
	"LinearCrossEntropy": {idsInput, func(s *graph.Scope, x, w, y *G.Node) *G.Node {
		return s.Try(ops.LinearCrossEntropy(x, w, y, 0))
	}, false},
	"reshaped": {idsInput, func(s *graph.Scope, x, w, y *G.Node) *G.Node {
		n := y.Shape().TotalSize()
		logits := s.Try(ops.Linear(s.Try(ops.Reshape(x, n, 4)), w, nil, ops.LinearOptions{}))
		return s.Try(ops.CrossEntropy(logits, s.Try(ops.Reshape(y, n)), 0))
	}, false},
	"the same targets twice": {idsInput, func(s *graph.Scope, x, w, y *G.Node) *G.Node {
		return s.Add(s.Try(ops.LinearCrossEntropy(x, w, y, 0)), s.Try(ops.LinearCrossEntropy(s.Try(ops.Scale(x, 2)), w, y, 0)))
	}, false},
	"a loss of one's own": {idsInput, func(s *graph.Scope, x, w, y *G.Node) *G.Node {
		return s.Try(ops.New(firstColumn(true), s.Try(ops.Linear(x, w, nil, ops.LinearOptions{})), y))
	}, false},
	"a declared count": {idsInput, func(s *graph.Scope, x, w, y *G.Node) *G.Node {
		s.Count(y)
		return s.Try(ops.New(firstColumn(false), s.Try(ops.Linear(x, w, nil, ops.LinearOptions{})), y))
	}, false},
	"a mask of numbers": {func(s *graph.Scope, name string, b int) *G.Node { return s.Input(name, s.Dtype(), b, 9) },
		func(s *graph.Scope, x, w, mask *G.Node) *G.Node {
			s.Count(mask)
			y := s.Try(ops.Mul(s.Try(ops.Reshape(mask, append(mask.Shape().Clone(), 1)...)), s.Try(ops.Linear(x, w, nil, ops.LinearOptions{}))))
			total := s.Try(G.Sum(mask))
			return s.Try(G.Div(s.Try(G.Sum(s.Try(G.Square(y)))), total))
		}, true},
}

// firstColumn is the mean of the squares of the first columns of the rows that count.
func firstColumn(targets bool) ops.Def {
	mean := func(x []float64, ids []int32, row int, each func(i int, n float64)) {
		n := 0.0
		for _, id := range ids {
			if id != ops.IgnoreTarget {
				n++
			}
		}
		for i, id := range ids {
			if id != ops.IgnoreTarget {
				each(i*row, n)
			}
		}
	}
	d := ops.Def{
		Name:   "FirstColumn",
		Shapes: func([]tensor.Shape) ([]tensor.Shape, error) { return []tensor.Shape{{}}, nil },
		Forward: ops.Kernel{F64: func(c *ops.Call[float64]) error {
			x := c.In[0].F
			c.Out[0].F[0] = 0
			mean(x, c.In[1].I, c.In[0].Cols(), func(i int, n float64) { c.Out[0].F[0] += x[i] * x[i] / n })
			return nil
		}},
		Backward: ops.Kernel{F64: func(c *ops.Call[float64]) error {
			x, dx := c.In[0].F, c.Out[0].F
			clear(dx)
			mean(x, c.In[1].I, c.In[0].Cols(), func(i int, n float64) { dx[i] = 2 * x[i] / n * c.In[3].F[0] })
			return nil
		}},
	}
	if targets {
		d.Targets = []int{1}
	}
	return d
}

func (c countCase) declare(name string, b int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, targets := s.Input("tokens", tensor.Int32, b, 9), c.inputs(s, name, b)
		x := s.Try(ops.Embedding(s.Param("table", graph.Normal(1), 5, 4), tokens))
		s.Minimize(c.loss(s, x, s.Param("w", graph.Normal(1), 5, 4), targets))
	}
}

// uneven feeds two rows, the first with one target and the second with eight, in one batch or in two.
type uneven struct {
	name   string
	floats bool
	rows   int
	dt     tensor.Dtype
}

func (u uneven) Batch(i int) (graph.Feed, error) {
	var tokens, targets []int32
	for r := i * u.rows; r < (i+1)*u.rows; r++ {
		for t := range 9 {
			tokens = append(tokens, int32(r*3+t*2)%5)
			if id := int32(r+t*t) % 5; (t == 4) == (r%2 == 0) {
				targets = append(targets, id)
			} else {
				targets = append(targets, ops.IgnoreTarget)
			}
		}
	}
	feed := graph.Feed{"tokens": tensor.New(tensor.WithShape(u.rows, 9), tensor.WithBacking(tokens))}
	if !u.floats {
		feed[u.name] = tensor.New(tensor.WithShape(u.rows, 9), tensor.WithBacking(targets))
		return feed, nil
	}
	mask := tensor.New(tensor.Of(u.dt), tensor.WithShape(u.rows, 9))
	for k, id := range targets {
		if id != ops.IgnoreTarget && u.dt == tensor.Float64 {
			mask.Float64s()[k] = 1
		} else if id != ops.IgnoreTarget {
			mask.Float32s()[k] = 1
		}
	}
	feed[u.name] = mask
	return feed, nil
}

// TestMicroBatchesCount: for every loss and every name of its targets, micro-batches of one and eight targets have the loss, the
// gradients and the evaluation of one batch of both.
func TestMicroBatchesCount(t *testing.T) {
	for title, c := range countCases {
		for _, name := range []string{"targets", "labels", "y"} {
			for _, dt := range []tensor.Dtype{tensor.Float64, tensor.Float32} {
				if dt == tensor.Float32 && (title == "a loss of one's own" || title == "a declared count") {
					continue // has no kernel
				}
				t.Run(title+"/"+name+"/"+dt.String(), func(t *testing.T) { c.check(t, name, dt) })
			}
		}
	}
}

func (c countCase) check(t *testing.T, name string, dt tensor.Dtype) {
	tol := 1e-13 // the same sums in another order
	if dt == tensor.Float32 {
		tol = 1e-6
	}
	whole, parts := c.trainer(t, name, dt, 2, 1), c.trainer(t, name, dt, 1, 2)
	want := run(t, whole, uneven{name, c.floats, 2, dt})
	got := run(t, parts, uneven{name, c.floats, 1, dt})
	for i := range want {
		near(t, "loss and norm", []float64{got[i].Loss, got[i].GradNorm}, []float64{want[i].Loss, want[i].GradNorm}, 10*tol)
		if got[i].Tokens != 9 || want[i].Tokens != 9 {
			t.Errorf("got %d targets in parts and %d in one, want 9", got[i].Tokens, want[i].Tokens)
		}
	}
	near(t, "weights", weights(parts.Program), weights(whole.Program), 10*tol)

	params := whole.Program.Params()
	var e [2]train.Evaluation
	for i, b := range []int{2, 1} {
		p, err := graph.Build(params, graph.Eval, c.declare(name, b))
		if err != nil {
			t.Fatal(err)
		}
		if e[i], err = train.Evaluate(context.Background(), p, uneven{name, c.floats, b, dt}, 2/b); err != nil {
			t.Fatal(err)
		}
	}
	near(t, "evaluation", []float64{e[1].Loss}, []float64{e[0].Loss}, 10*tol)
	if e[0].Tokens != 9 || e[1].Tokens != 9 {
		t.Errorf("got evaluations of %d and %d targets, want 9", e[0].Tokens, e[1].Tokens)
	}
}

func (c countCase) trainer(t *testing.T, name string, dt tensor.Dtype, b, micro int) *train.Trainer {
	t.Helper()
	p, err := graph.Build(graph.NewParams(dt, 3), graph.Train, c.declare(name, b))
	if err != nil {
		t.Fatal(err)
	}
	return &train.Trainer{Program: p, Optimizer: &train.SGD{Rate: 0.01}, Until: 3, MicroBatches: micro}
}

// TestRowsCount: a loss without targets is a mean over equal batches.
func TestRowsCount(t *testing.T) {
	trainer := func(b, micro int) *train.Trainer {
		p, err := graph.Build(graph.NewParams(tensor.Float64, 3), graph.Train, func(s *graph.Scope) {
			x := s.Input("x", tensor.Float64, b, 3)
			y := s.Try(ops.Sub(s.Try(ops.Linear(x, s.Param("w", graph.Normal(1), 1, 3), nil, ops.LinearOptions{})), s.Input("value", tensor.Float64, b, 1)))
			s.Minimize(s.Try(G.Mean(s.Try(G.Square(y)))))
		})
		if err != nil {
			t.Fatal(err)
		}
		return &train.Trainer{Program: p, Optimizer: &train.SGD{Rate: 0.1}, Until: 3, MicroBatches: micro}
	}
	whole, parts := trainer(6, 1), trainer(2, 3)
	want, got := run(t, whole, regression(6)), run(t, parts, regression(2))
	for i := range want {
		near(t, "loss and norm", []float64{got[i].Loss, got[i].GradNorm}, []float64{want[i].Loss, want[i].GradNorm}, 1e-13)
		if got[i].Tokens != 6 || want[i].Tokens != 6 {
			t.Errorf("got %d rows in parts and %d in one, want 6", got[i].Tokens, want[i].Tokens)
		}
	}
	near(t, "weights", weights(parts.Program), weights(whole.Program), 1e-13)
}

// regression feeds rows of numbers.
type regression int

func (b regression) Batch(i int) (graph.Feed, error) {
	var x, y []float64
	for r := i * int(b); r < (i+1)*int(b); r++ {
		x = append(x, math.Sin(float64(r)), math.Cos(float64(r)), 1)
		y = append(y, float64(r%3))
	}
	return graph.Feed{
		"x":     tensor.New(tensor.WithShape(int(b), 3), tensor.WithBacking(x)),
		"value": tensor.New(tensor.WithShape(int(b), 1), tensor.WithBacking(y)),
	}, nil
}

// TestCountErrors: it is an error if one number cannot weigh a batch, or if the count of a loss is unknown.
func TestCountErrors(t *testing.T) {
	silent := countCases["a declared count"]
	silent.loss = func(s *graph.Scope, x, w, y *G.Node) *G.Node {
		return s.Try(ops.New(firstColumn(false), s.Try(ops.Linear(x, w, nil, ops.LinearOptions{})), y))
	}
	tr := silent.trainer(t, "labels", tensor.Float64, 1, 2)
	wantError(t, firstError(tr, uneven{"labels", false, 1, tensor.Float64}), "input labels", "-100", "Def.Targets", "Scope.Count")

	two := countCases["CrossEntropy"]
	two.loss = func(s *graph.Scope, x, w, y *G.Node) *G.Node {
		half := s.Try(ops.Slice(s.Try(ops.Reshape(y, y.Shape().TotalSize())), 0, 0, 5))
		rows := s.Try(ops.Reshape(x, x.Shape().TotalSize()/4, 4))
		return s.Add(s.In("a").Try(ops.LinearCrossEntropy(x, w, y, 0)), s.In("b").Try(ops.LinearCrossEntropy(s.Try(ops.Slice(rows, 0, 0, 5)), w, half, 0)))
	}
	tr = two.trainer(t, "labels", tensor.Float64, 1, 2)
	wantError(t, firstError(tr, uneven{"labels", false, 1, tensor.Float64}), "b: LinearCrossEntropy", "a: LinearCrossEntropy", "8", "4")
	tr = two.trainer(t, "labels", tensor.Float64, 2, 1) // one batch needs no weight
	run(t, tr, uneven{"labels", false, 2, tensor.Float64})
}

// TestAccuracyOfAnyName: the targets of the accuracy are the targets of the loss, for any name of the input.
func TestAccuracyOfAnyName(t *testing.T) {
	for _, name := range []string{"targets", "labels"} {
		p := graph.NewParams(tensor.Float32, 1)
		program, err := graph.Build(p, graph.Eval, func(s *graph.Scope) {
			tokens, targets := s.Input("tokens", tensor.Int32, 1, 9), s.Input(name, tensor.Int32, 1, 9)
			logits := s.Try(ops.Embedding(s.Param("table", graph.Zeros(), 5, 5), tokens))
			s.Output("logits", logits)
			s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
		})
		if err != nil {
			t.Fatal(err)
		}
		e, err := train.Evaluate(context.Background(), program, uneven{name, false, 1, tensor.Float32}, 2)
		if err != nil {
			t.Fatal(err)
		}
		zeros := 0
		for i := range 2 {
			feed, _ := uneven{name, false, 1, tensor.Float32}.Batch(i)
			for _, id := range feed[name].Int32s() {
				if id == 0 {
					zeros++
				}
			}
		}
		if want := float64(zeros) / 9; e.Accuracy != want || zeros == 0 { // equal logits: the first class
			t.Errorf("%s: got accuracy %v, want %v", name, e.Accuracy, want)
		}
	}
}
