package job_test

import (
	"testing"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// none is held-out data without batches.
type none struct{ job.Held }

func (none) Len() int { return 0 }

// short is a source with too little data.
type short struct{ train.Source }

func (short) Batch(int) (graph.Feed, error) { return nil, errShort }

var errShort = &shortError{}

type shortError struct{}

func (*shortError) Error() string { return "too short" }

// TestSetups starts runs with an incomplete Setup. Each is an error before the run begins and leaves no file.
func TestSetups(t *testing.T) {
	for word, spoil := range map[string]func(*job.Setup){
		"trainer false":              func(s *job.Setup) { s.Trainer = nil },
		"batches false":              func(s *job.Setup) { s.Batches = nil },
		"evaluation false":           func(s *job.Setup) { s.Eval = nil },
		"held-out data false":        func(s *job.Setup) { s.Held = nil },
		"the Trainer ends at step 7": func(s *job.Setup) { s.Trainer.Until = 7 },
		"have no batch":              func(s *job.Setup) { s.Held = none{s.Held} },
		"too short":                  func(s *job.Setup) { s.Batches = short{s.Batches} },
		"does not return its state":  func(s *job.Setup) { s.Trainer.Optimizer = G.NewAdamSolver() },
		"no weight to train":         func(s *job.Setup) { s.Trainer.Program = s.Eval },
		"json":                       func(s *job.Setup) { s.Config = func() {} },
		"want both or neither":       func(s *job.Setup) { s.Score.Name = "HR" },
		"without commas":             func(s *job.Setup) { s.Score = byLoss; s.Score.Name = "HR, 10" },
	} {
		for _, plan := range []bool{false, true} {
			p := newProgram()
			p.DryRun = plan
			inFolder(t)
			run, err := job.Open(&p.Options, job.Program{Name: "test", W: &p.said})
			if err != nil {
				t.Fatal(err)
			}
			s, _, err := p.setup()
			if err != nil {
				t.Fatal(err)
			}
			spoil(&s)
			wantError(t, run.Start(s), word)
			if run.Close(); len(files(t, ".")) != 0 {
				t.Errorf("%s: got files %v left, want nothing", word, files(t, "."))
			}
		}
	}
}
