//go:build unix

package job_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// interrupt sends Ctrl-C to the process and waits until the run has received it.
func interrupt(run *job.Run) {
	syscall.Kill(os.Getpid(), syscall.SIGINT)
	<-run.Context().Done()
}

// ends keeps the files that depend on the whole run: the model, the last checkpoint and the log.
func ends(t *testing.T, dir string) map[string]string {
	all := files(t, dir)
	for name := range all {
		if strings.HasPrefix(name, "checkpoints") && !strings.HasPrefix(name, "checkpoints/step-00000012") {
			delete(all, name)
		}
	}
	return all
}

// interrupting is held-out data that sends Ctrl-C once, in the second batch.
type interrupting struct {
	job.Held
	run  **job.Run
	done *bool
}

func (h interrupting) Batch(i int) (graph.Feed, error) {
	if i == 1 && *h.run != nil && !*h.done {
		*h.done = true
		interrupt(*h.run)
	}
	return h.Held.Batch(i)
}

// TestInterruptedAnywhere interrupts a run after every step and within every evaluation. It resumes the run with only -resume and -out
// and compares it with an uninterrupted run.
func TestInterruptedAnywhere(t *testing.T) {
	inFolder(t)
	settings := "-lr 0.2 -batch 3 -micro-batches 2 -seed 5 -decay 0.01 -keep 0 -patience 9 -eval-tokens 40"
	mustRun(t, newProgram(), settings)
	want := ends(t, "out")
	every := 1
	if !sweep.All() {
		every = 4
	}
	for step := 1; step <= 12; step += every {
		for _, within := range []bool{false, true} {
			out := fmt.Sprintf("out%d%v", step, within)
			p := newProgram()
			var now *job.Run
			done := false
			p.each = func(run *job.Run, at int) {
				if at == step && within {
					now = run
				} else if at == step {
					interrupt(run)
				}
			}
			p.held = func(h job.Held) job.Held { return interrupting{h, &now, &done} }
			finished, err := p.run(settings + " -out " + out)
			if err != nil || finished || !strings.Contains(p.said.String(), fmt.Sprintf("saved at step %d in %s: continue with -resume", p.at, out)) {
				t.Fatalf("step %d: finished %v, error %v, said %q", step, finished, err, p.said.String())
			}
			if within && p.at != (step+3)/4*4 {
				t.Errorf("interrupted in the evaluation after step %d: the run ends at step %d", step, p.at)
			}
			q := newProgram()
			mustRun(t, q, "-resume -out "+out)
			if said := q.said.String(); !strings.Contains(said, fmt.Sprintf("resuming after step %d of 12", p.at)) {
				t.Errorf("step %d: said %q, want the step from which it resumes", step, said)
			}
			if len(q.losses) != 12-p.at {
				t.Errorf("step %d: %d steps after it, want %d", step, len(q.losses), 12-p.at)
			}
			sameFiles(t, ends(t, out), want)
		}
	}
}

// TestResumeFinished resumes a finished run with the same, with more and with fewer steps, and a run that early stopping has ended.
func TestResumeFinished(t *testing.T) {
	inFolder(t)
	mustRun(t, newProgram(), "")
	want := files(t, "out")
	mustRun(t, newProgram(), "-resume")
	sameFiles(t, files(t, "out"), want)
	p := newProgram()
	mustRun(t, p, "-resume -steps 6")
	if len(p.losses) != 0 || !strings.Contains(p.said.String(), "has its 12 steps") {
		t.Errorf("took %d steps and said %q", len(p.losses), p.said.String())
	}
	p = newProgram()
	mustRun(t, p, "-resume -steps 15")
	if len(p.losses) != 3 {
		t.Errorf("took %d steps, want 3 more", len(p.losses))
	}
	p = newProgram()
	mustRun(t, p, "-out stopped -lr 0 -patience 2 -steps 100") // the loss never falls
	if len(p.losses) != 12 {
		t.Errorf("took %d steps, want 3 evaluations of 4", len(p.losses))
	}
	mustRun(t, p, "-out stopped -resume")
	if len(p.losses) != 0 || !strings.Contains(p.said.String(), "2 evaluations without improvement") {
		t.Errorf("took %d steps and said %q, want none", len(p.losses), p.said.String())
	}
	mustRun(t, p, "-out stopped -resume -patience 3")
	if len(p.losses) != 4 {
		t.Errorf("took %d steps with more patience, want 4", len(p.losses))
	}
}
