package job_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// byLoss is the loss as a score. Because higher is better, the best checkpoint of a run that learns is the first.
var byLoss = job.Score{Name: "misery", Of: func(_ context.Context, e train.Evaluation) (float64, error) { return e.Loss, nil }}

// scored returns a program with a score.
func scored(s job.Score) *program {
	p := newProgram()
	p.score = s
	return p
}

// TestScoreChooses: the score chooses the best checkpoint, whether higher or lower is better. It is in the lines, the log and the checkpoint.
func TestScoreChooses(t *testing.T) {
	for _, c := range []struct {
		lower bool
		step  int
	}{{false, 4}, {true, 12}} {
		inFolder(t)
		p := scored(byLoss)
		p.score.Lower = c.lower
		mustRun(t, p, "-keep 1")
		best, err := checkpoints.Run{Dir: "out/checkpoints"}.Best()
		if err != nil || best.Step != c.step || best.Score == nil || *best.Score != (checkpoints.Score{Name: "misery", Value: best.Loss, Lower: c.lower}) {
			t.Fatalf("lower %t: got best %+v with score %+v and error %v, want step %d", c.lower, best, best.Score, err, c.step)
		}
		want := fmt.Sprintf("saved the model of step %d in out, validation loss %.4f, misery %.4[2]f; the losses", c.step, best.Loss)
		if !strings.Contains(p.said.String(), want) {
			t.Errorf("said %q, want %q", p.said.String(), want)
		}
		files := files(t, ".")
		if files["out/model.safetensors"] != files[fmt.Sprintf("out/checkpoints/step-%08d/model.safetensors", c.step)] {
			t.Errorf("lower %t: the model is not that of step %d", c.lower, c.step)
		}
		log := files["out/log.csv"]
		if !strings.HasPrefix(log, "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy,misery\n1,") {
			t.Errorf("got the log %.200q, want a column for the score", log)
		}
	}
}

// TestScorePatience: a score that does not improve ends the run although the loss falls.
func TestScorePatience(t *testing.T) {
	inFolder(t)
	p := scored(byLoss)
	mustRun(t, p, "-patience 2 -steps 40")
	if len(p.losses) != 12 {
		t.Errorf("took %d steps, want 3 evaluations of 4", len(p.losses))
	}
	q := scored(byLoss)
	q.score.Lower = true
	mustRun(t, q, "-patience 2 -steps 40 -out lower")
	if len(q.losses) != 40 {
		t.Errorf("took %d steps, want all 40, because the loss falls", len(q.losses))
	}
}

// TestScoreErrors: a score that fails or is no number ends the run with an error that names it. The steps are saved.
func TestScoreErrors(t *testing.T) {
	for word, of := range map[string]func() (float64, error){
		"score misery: it is NaN": func() (float64, error) { return math.NaN(), nil },
		"score misery: no luck":   func() (float64, error) { return 0, fmt.Errorf("no luck") },
	} {
		inFolder(t)
		finished, err := scored(job.Score{Name: "misery", Of: func(context.Context, train.Evaluation) (float64, error) { return of() }}).run("")
		if wantError(t, err, word); finished {
			t.Errorf("%s: the run is finished", word)
		}
		if latest, err := (checkpoints.Run{Dir: "out/checkpoints"}).Latest(); err != nil || latest.Step != 4 {
			t.Errorf("%s: got checkpoint %+v and error %v, want step 4", word, latest, err)
		}
	}
}

// TestScoreOfOldRun: a run that went by the loss resumes with a score. A line says so, the log keeps its rows, and the score counts from
// then on.
func TestScoreOfOldRun(t *testing.T) {
	inFolder(t)
	mustRun(t, newProgram(), "-steps 8")
	before, err := os.ReadFile("out/log.csv")
	if err != nil {
		t.Fatal(err)
	}
	p := scored(byLoss)
	mustRun(t, p, "-resume -steps 16")
	if said := p.said.String(); !strings.Contains(said, "changed: the best checkpoint is chosen by loss in the run and by misery here") ||
		!strings.Contains(said, "saved the model of step 12") {
		t.Errorf("said %q, want the change and the first checkpoint with a score", said)
	}
	after, err := os.ReadFile("out/log.csv")
	if err != nil || strings.Count(string(after), "\n") != 1+16+4 {
		t.Errorf("got the log %q and error %v, want 20 rows", after, err)
	}
	if kept, err := os.ReadFile("out/log.csv.damaged-1"); err != nil || string(kept) != string(before) {
		t.Errorf("the first log is kept as %q (%v)", kept, err)
	}
}

// TestDryRunOfScore: a dry run computes the score once for its time.
func TestDryRunOfScore(t *testing.T) {
	inFolder(t)
	calls := 0
	p := scored(job.Score{Name: "calls", Of: func(context.Context, train.Evaluation) (float64, error) { calls++; return 1, nil }})
	if _, err := p.run("-dry-run"); err != nil || calls != 1 {
		t.Errorf("got %d calls and error %v, want 1", calls, err)
	}
}
