package job

import (
	"fmt"
	"io"
	"time"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// headline is the first line of a run. It begins before the first step and ends with an estimate of the time for the whole run. The
// estimate uses the mean of the first steps, except step 1, which is slower: batches of several shapes take different times.
type headline struct {
	open  bool // the line has begun and has not ended
	begun time.Time
	steps int           // number of steps of this process
	spent time.Duration // time of these steps, without the first
}

// The line ends after this many steps or, if they are slow, after this time.
const (
	firstSteps = 6
	firstTime  = 2 * time.Second
)

// begin prints the first lines and resumes an interrupted evaluation. If the run has already ended, it ends the loop.
func (r *Run) begin() {
	tr := r.setup.Trainer
	for _, err := range r.last.Damaged {
		if r.resumes {
			r.printf("a newer checkpoint is damaged: %v", err)
		}
	}
	if dir, ok := r.Resumed(); ok {
		r.printf("resuming after step %d of %d from %s", tr.Step, r.Steps, dir)
	} else if r.resumes {
		r.printf("resuming in %s before the first checkpoint: from step 0", r.Out)
	}
	for _, both := range r.changed {
		r.printf("changed: %s", both)
	}
	if r.state.Pending {
		r.Save(r.Evaluate())
	}
	switch {
	case r.stopped():
		r.printf("the run has ended: %d evaluations without improvement (-patience %d)", r.state.Stop.Since, r.Patience)
		r.end()
	case tr.Step >= r.Steps:
		r.printf("the run has its %d steps (-steps %d)", tr.Step, r.Steps)
	default:
		if slow := kernel.Slow(); slow != "" {
			r.printf("%s", slow)
		}
		fmt.Fprintf(r.program.W, "training %s, to %s: steps %d to %d", r.setup.About, r.Out, tr.Step+1, r.Steps)
		r.headline.open, r.headline.begun = true, time.Now()
	}
}

// step records the report of a step and reports whether the progress can be shown.
func (h *headline) step(r *Run, s train.Report) bool {
	if h.steps++; h.steps > 1 {
		h.spent += s.Elapsed
	}
	if h.open && h.steps >= 2 && (h.steps == firstSteps || time.Since(h.begun) > firstTime) {
		fmt.Fprintf(r.program.W, ", about %s\n", report.Duration(r.estimate(h.spent/time.Duration(h.steps-1))))
		h.open = false
	}
	return !h.open
}

// finish ends the line, without a time if none is known.
func (h *headline) finish(w io.Writer) {
	if h.open {
		fmt.Fprintln(w)
	}
	h.open = false
}

// estimate returns the estimated time of the remaining steps and evaluations. A batch of an evaluation takes about a third of the time
// of a training batch, because it has no backward pass. The time of a score is not known yet.
func (r *Run) estimate(step time.Duration) time.Duration {
	left := r.Steps - r.setup.Trainer.Step
	batch := step / time.Duration(3*max(r.setup.Trainer.MicroBatches, 1))
	return r.total(left, timing{step: step, batch: batch})
}

// total returns the time of the last left steps of the run and their evaluations, at most 146 years.
func (r *Run) total(left int, t timing) time.Duration {
	evaluation := float64(r.setup.Held.Len())*float64(t.batch) + float64(t.score)
	return time.Duration(min(float64(left)*float64(t.step)+float64(r.evaluations(left))*evaluation, 1<<62))
}

// evaluations returns the number of evaluations in the last left steps of the run.
func (r *Run) evaluations(left int) int {
	n := r.Steps/r.EvalEvery - (r.Steps-left)/r.EvalEvery
	if r.Steps%r.EvalEvery != 0 {
		n++
	}
	return n
}
