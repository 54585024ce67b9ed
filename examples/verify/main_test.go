package main

import (
	"bytes"
	"flag"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// trainRun trains a table of logits for two steps in a folder, as a program of this name.
func trainRun(t *testing.T, name, dir string) {
	t.Helper()
	o := job.Options{Out: dir, Steps: 2, EvalEvery: 2}
	run, err := job.Open(&o, job.Program{Name: name, Flags: flag.NewFlagSet("", flag.ContinueOnError), W: io.Discard})
	if err != nil {
		t.Fatal(err)
	}
	defer run.Close()
	corpus, err := data.NewCorpus(make([]int32, 100))
	if err != nil {
		t.Fatal(err)
	}
	params := graph.NewParams(tensor.Float32, 1)
	table := func(s *graph.Scope) {
		tokens, targets := s.Input("tokens", tensor.Int32, 2, 5), s.Input("targets", tensor.Int32, 2, 5)
		s.Minimize(s.Try(ops.CrossEntropy(s.Try(ops.Embedding(s.Param("table", graph.Normal(1), 3, 3), tokens)), targets, 0)))
	}
	step, err := graph.Build(params, graph.Train, table)
	if err != nil {
		t.Fatal(err)
	}
	eval, err := graph.Build(params, graph.Eval, table)
	if err != nil {
		t.Fatal(err)
	}
	s := job.Setup{Trainer: &train.Trainer{Program: step, Optimizer: &train.AdamW{}, Until: 2}, Batches: corpus.Batches(2, 5), Eval: eval, Held: corpus.Sequential(2, 5)}
	if err := run.Start(s); err != nil {
		t.Fatal(err)
	}
	for r, err := range s.Trainer.Steps(run.Context(), s.Batches) {
		if err != nil {
			t.Fatal(err)
		}
		run.Step(r)
	}
	if _, err := run.Finish(); err != nil {
		t.Fatal(err)
	}
}

// TestCall: the command that verifies a step names the folder as the run's program does.
func TestCall(t *testing.T) {
	for program, want := range map[string][]string{
		"gpt":       {"x", "train", "-verify", "7", "-out", "out/a/b"},
		"rnn text":  {"x", "text", "-verify", "7", "-out", "out"},
		"positions": {"x", "-verify", "7", "-out", "out/a", "-schemes", "b"},
	} {
		o := options{run: "out/a/b", step: 7, program: "x"}
		got, err := o.call(program)
		for i := range got {
			got[i] = filepath.ToSlash(got[i])
		}
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, error %v, want %q", program, got, err, want)
		}
	}
}

// TestErrors: wrong flags and programs that are missing or fail are errors of one line.
func TestErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	trainRun(t, "unknown program", "out")
	for args, words := range map[string][]string{
		"":                                  {"-run is empty"},
		"-run out":                          {"-step is 0"},
		"-run none -step 1":                 {"holds no run.json"},
		"-run out -step 1":                  {`begun by "unknown"`, "-program"},
		"-run out -step 1 -program missing": {"step 1 of out is not verified"},
	} {
		var w bytes.Buffer
		err := program(&w, &w).Run(strings.Fields(args), &w)
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Fatalf("%s: got error %v", args, err)
		}
		for _, word := range words {
			if !strings.Contains(err.Error(), word) {
				t.Errorf("%s: got error %q, want one with %q", args, err, word)
			}
		}
	}
}
