package train_test

import (
	"context"
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// digits declares a model that predicts the next digit from the last digit, for batches of 4 windows of 8 tokens.
func digits(s *graph.Scope) {
	tokens, targets := s.Input("tokens", tensor.Int32, 4, 8), s.Input("targets", tensor.Int32, 4, 8)
	logits := s.Try(ops.Embedding(s.Param("table", graph.Zeros(), 10, 10), tokens)) // (B, T, V)
	s.Output("logits", logits)
	s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
}

// counting returns a text in which 0 … 9 follow each other again and again.
func counting(n int) *data.Corpus {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(i % 10)
	}
	corpus, err := data.NewCorpus(ids)
	if err != nil {
		log.Fatal(err)
	}
	return corpus
}

// The caller writes the loop. Each iteration is one step.
func ExampleTrainer() {
	step, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, digits)
	if err != nil {
		log.Fatal(err)
	}
	tr := train.Trainer{Program: step, Optimizer: &train.AdamW{}, Rate: train.Cosine(0.1, 0.01, 5, 60), Clip: 1, Until: 60}
	for r, err := range tr.Steps(context.Background(), counting(1000).Batches(4, 8)) {
		if err != nil {
			log.Fatal(err)
		}
		if r.Step == 1 || r.Step%20 == 0 {
			fmt.Printf("step %d: loss %.2f at rate %.2f\n", r.Step, r.Loss, r.Rate)
		}
	}
	fmt.Println(tr.Tokens, "targets")
	// Output:
	// step 1: loss 2.30 at rate 0.02
	// step 20: loss 0.39 at rate 0.09
	// step 40: loss 0.10 at rate 0.04
	// step 60: loss 0.08 at rate 0.01
	// 1920 targets
}

// A Program in mode Eval shares the weights of the training step. Held-out text is read in order.
func ExampleEvaluate() {
	params := graph.NewParams(tensor.Float32, 1)
	eval, err := graph.Build(params, graph.Eval, digits)
	if err != nil {
		log.Fatal(err)
	}
	held := counting(100).Sequential(4, 8)
	e, err := train.Evaluate(context.Background(), eval, held, held.Len())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("untrained: loss %.3f, perplexity %.1f on %d targets\n", e.Loss, e.Perplexity(), e.Tokens)

	table := params.Value("table").Float32s()
	for i := range 10 {
		table[10*i+(i+1)%10] = 5 // the logit of i+1 after i
	}
	if e, err = train.Evaluate(context.Background(), eval, held, held.Len()); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("trained: loss %.3f, perplexity %.1f, accuracy %.0f\n", e.Loss, e.Perplexity(), e.Accuracy)
	// Output:
	// untrained: loss 2.303, perplexity 10.0 on 99 targets
	// trained: loss 0.059, perplexity 1.1, accuracy 1
}

// The rate rises for 100 steps and falls until step 2000.
func ExampleCosine() {
	rate := train.Cosine(1e-3, 1e-4, 100, 2000)
	for _, step := range []int{0, 50, 100, 1050, 2000, 3000} {
		fmt.Printf("%4d %.6f\n", step, rate(step))
	}
	// Output:
	//    0 0.000010
	//   50 0.000505
	//  100 0.001000
	// 1050 0.000550
	// 2000 0.000100
	// 3000 0.000100
}

// An optimizer is a gorgonia.Solver, so it trains plain Gorgonia graphs too. Here it minimizes (w − 3)².
func ExampleAdamW() {
	g := G.NewGraph()
	w := G.NewScalar(g, tensor.Float64, G.WithName("w"), G.WithValue(0.0))
	loss := G.Must(G.Square(G.Must(G.Sub(w, G.NewConstant(3.0)))))
	if _, err := G.Grad(loss, w); err != nil {
		log.Fatal(err)
	}
	vm := G.NewTapeMachine(g, G.BindDualValues(w))
	defer vm.Close()
	optimizer := train.AdamW{Rate: 0.1}
	for range 300 {
		if err := vm.RunAll(); err != nil {
			log.Fatal(err)
		}
		if err := optimizer.Step(G.NodesToValueGrads(G.Nodes{w})); err != nil {
			log.Fatal(err)
		}
		vm.Reset()
	}
	fmt.Printf("%.3f\n", w.Value().Data())
	// Output: 3.000
}
