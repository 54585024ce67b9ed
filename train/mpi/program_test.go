//go:build mpi

package mpi_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/quick"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
	"github.com/gorgoformer/gorgoformer/train/mpi"
)

// argsName is the variable of the environment that makes the test's binary a training program with these arguments.
const argsName = "GORGOFORMER_MPI_TEST"

// pauseName is the variable that holds a pause after every step.
const pauseName = argsName + "_PAUSE"

func TestMain(m *testing.M) {
	args, ok := os.LookupEnv(argsName)
	if !ok {
		os.Exit(quick.Main(m))
	}
	mpi.Patience = 2 * time.Second
	begin := func() error { return trainProgram(strings.Fields(args)) }
	if args == broadcasts {
		begin = broadcastAll
	}
	if err := mpi.Leave(begin()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		mpi.Abort()
		os.Exit(1)
	}
}

// trainProgram trains a small model with dropout. It writes the number of its process to pid-RANK in the folder of the run.
func trainProgram(args []string) error {
	o := job.Options{Out: "out", Steps: 40, EvalEvery: 5, Keep: 2, Auto: true}
	l := job.Learning{LR: 0.05, Beta2: 0.99, Clip: 1, MicroBatches: 4, Seed: 3}
	f := flag.NewFlagSet("test", flag.ContinueOnError)
	o.Flags(f)
	l.Flags(f)
	if err := f.Parse(args); err != nil {
		return errors.WithStack(err)
	}
	run, err := job.Open(&o, job.Program{Name: "test", Flags: f})
	if err != nil {
		return err
	}
	defer run.Close()
	pause, _ := time.ParseDuration(os.Getenv(pauseName))
	rank, _ := mpi.Launched()
	if err := os.WriteFile(fmt.Sprintf("%s/pid-%d", o.Out, rank), []byte(fmt.Sprint(os.Getpid())), 0o666); err != nil {
		return errors.WithStack(err)
	}
	s, err := setup(&o, &l)
	if err != nil {
		return err
	}
	if err := run.Start(s); err != nil {
		return err
	}
	for r, err := range s.Trainer.Steps(run.Context(), s.Batches) {
		if err != nil {
			return err
		}
		run.Step(r)
		time.Sleep(pause)
		if run.Due() && run.Save(run.Evaluate()) {
			break
		}
	}
	_, err = run.Finish()
	return err
}

func setup(o *job.Options, l *job.Learning) (s job.Setup, err error) {
	ids := make([]int32, 900)
	for i := range ids {
		ids[i] = int32(i * i % 13)
	}
	corpus, err := data.NewCorpus(ids)
	if err != nil {
		return s, err
	}
	if s.Data, err = corpus.Key(); err != nil {
		return s, err
	}
	learning, held, err := corpus.Split(0.9)
	if err != nil {
		return s, err
	}
	params := graph.NewParams(tensor.Float32, l.Seed)
	step, err := graph.Build(params, graph.Train, model)
	if err != nil {
		return s, err
	}
	if s.Eval, err = graph.Build(params, graph.Eval, model); err != nil {
		return s, err
	}
	s.Batches, s.Held = learning.Shuffled(3, 8), held.Sequential(3, 8)
	if s.Trainer, err = l.Trainer(step, o.Steps); err != nil {
		return s, err
	}
	return s, nil
}

func model(s *graph.Scope) {
	tokens, targets := s.Input("tokens", tensor.Int32, 3, 8), s.Input("targets", tensor.Int32, 3, 8)
	x := s.Try(ops.Embedding(s.Param("wte.weight", graph.Normal(0.5), 13, 32), tokens)) // (B, T, 32)
	if s.Training() {
		x = s.Try(ops.Dropout(x, s.Stream(), 0.1, s.Key()))
	}
	w, bias := s.Param("head.weight", graph.Normal(0.5), 13, 32), s.Param("head.bias", graph.Zeros(), 13)
	logits := s.Try(ops.Linear(x, w, bias, ops.LinearOptions{})) // (B, T, V)
	s.Output("logits", logits)
	s.Minimize(s.Try(ops.CrossEntropy(logits, targets, 0)))
}
