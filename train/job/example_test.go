package job_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// digits declares a model that predicts the next digit from the last digit.
func digits(s *graph.Scope) {
	tokens, targets := s.Input("tokens", tensor.Int32, 4, 8), s.Input("targets", tensor.Int32, 4, 8)
	logits := s.Try(ops.Embedding(s.Param("table", graph.Zeros(), 10, 10), tokens)) // (B, T, V)
	s.Output("logits", logits)
	s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
}

// trainDigits is a whole training program. It resumes, plans with -dry-run, keeps the best model, logs, plots, shows progress, and
// stops at Ctrl-C.
func trainDigits(args []string) error {
	options := job.Options{Steps: 60, EvalEvery: 20, Keep: 2}
	learning := job.Learning{LR: 0.3, Clip: 1, Seed: 1}
	flags := flag.NewFlagSet("digits", flag.ContinueOnError)
	options.Flags(flags)
	learning.Flags(flags)
	if err := flags.Parse(args); err != nil {
		return err
	}
	run, err := job.Open(&options, job.Program{Name: "digits", Flags: flags, Fixed: []string{"seed"}})
	if err != nil {
		return err
	}
	defer run.Close()
	if err := learning.Check(options.Steps); err != nil {
		return err
	}

	ids := make([]int32, 1000)
	for i := range ids {
		ids[i] = int32(i % 10)
	}
	corpus, _ := data.NewCorpus(ids)
	key, _ := corpus.Key()
	learn, held, _ := corpus.Split(0.9)
	params := learning.Params()
	step, err := graph.Build(params, graph.Train, digits)
	if err != nil {
		return err
	}
	eval, err := graph.Build(params, graph.Eval, digits)
	if err != nil {
		return err
	}
	trainer, err := learning.Trainer(step, options.Steps)
	if err != nil {
		return err
	}
	batches := learn.Batches(4, 8)

	err = run.Start(job.Setup{Trainer: trainer, Batches: batches, Eval: eval, Held: held.Sequential(4, 8), Data: key, About: "a table of digits"})
	if err != nil {
		return err
	}
	for r, err := range trainer.Steps(run.Context(), batches) {
		if err != nil {
			return err
		}
		run.Step(r)
		if run.Due() && run.Save(run.Evaluate()) {
			break
		}
	}
	_, err = run.Finish()
	return err
}

func Example() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	stdout := os.Stdout
	os.Stdout, _ = os.Open(os.DevNull) // the lines about the run name the folder and the time
	err = trainDigits([]string{"-out", filepath.Join(dir, "run"), "-dry-run"})
	_, left := os.Stat(filepath.Join(dir, "run"))
	fmt.Fprintln(stdout, "planned:", err, "left nothing:", os.IsNotExist(left))
	err = trainDigits([]string{"-out", filepath.Join(dir, "run")})
	fmt.Fprintln(stdout, "trained:", err)
	err = trainDigits([]string{"-out", filepath.Join(dir, "run"), "-resume", "-steps", "80"})
	fmt.Fprintln(stdout, "resumed:", err)
	err = trainDigits([]string{"-out", filepath.Join(dir, "run"), "-resume", "-seed", "2"})
	os.Stdout = stdout
	fmt.Println("resumed with another seed:", err != nil)
	// Output:
	// planned: <nil> left nothing: true
	// trained: <nil>
	// resumed: <nil>
	// resumed with another seed: true
}
