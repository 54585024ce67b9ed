package job

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// plan prints the memory, time and disk space that the run needs, and ends its loop before the first step.
func (r *Run) plan(s Setup) error {
	r.setup = s
	defer r.endLoop()
	if !r.leads() { // rank 0 measures
		return nil
	}
	r.group = nil
	if err := r.checkSetup(); err != nil {
		return err
	}
	if err := r.moments.Bind(s.Trainer.Program.ValueGrads()); err != nil {
		return err
	}
	t, err := measure(s)
	if err != nil {
		return err
	}
	left := r.Steps
	if dir, ok := r.Resumed(); ok {
		r.printf("resuming %s", dir)
		left = max(0, r.Steps-r.last.Step)
	}
	evals := r.evaluations(left)
	whole := r.total(left, t)
	saved, moments := sizeOf(r.weights()), sizeOf(r.moments.State())
	r.printf("dry run: %s, to %s", s.About, r.Out)
	r.printf("parameters   %s, of which %s are trained", count(s.Trainer.Program.Params().Size()), count(trained(s.Trainer.Program)))
	if s.Shapes != "" {
		r.printf("shapes       %s", s.Shapes)
	}
	memory := s.Trainer.Program.Memory()
	r.printMemory(memory, s.Eval.Memory(), moments, train.PartialSums(s.Trainer.MicroBatches, 1)*memory.Gradients)
	r.printf("a step       %s, %s: %.1f GFLOP/s", operations(t.flops), report.Duration(t.step), float64(t.flops)/t.step.Seconds()/1e9)
	r.printf("the run      %s and %s of %s: about %s", plural(left, "step"), plural(evals, "evaluation"), plural(s.Held.Len(), "batch"), report.Duration(whole))
	model := s.Trainer.Program.ValueGrads()
	r.estimateRanks(cost{t.step, t.update, max(s.Trainer.MicroBatches, 1), memory.Gradients,
		func(microBatches, ranks int) train.Traffic { return train.TrafficOf(model, microBatches, ranks) }})
	r.printf("checkpoints  %s each, %s; the model %s", size(saved+moments), r.diskSpace(saved+moments, evals), size(saved))
	return nil
}

// endLoop ends the loop before its first step. Evaluate then does nothing.
func (r *Run) endLoop() {
	r.loop, r.end = context.WithCancel(r.loop)
	r.end()
	r.signals = r.loop
}

// timing is the mean cost of a step, of a batch of an evaluation and of a score.
type timing struct {
	flops              int
	step, batch, score time.Duration
	update             time.Duration // part of step: the optimizer's
}

// Limits of the measurements. Batches of several shapes take different times.
const (
	measured        = 3 * time.Second
	measuredSteps   = 40
	measuredBatches = 8
)

// measure trains a few steps, evaluates a few batches and computes the score once. It does not time the first step and the first batch, which are slower.
func measure(s Setup) (t timing, err error) {
	tr := *s.Trainer
	tr.Until = 0
	if _, _, err := timeSteps(&tr, s.Batches, 1); err != nil {
		return t, err
	}
	steps := 0
	prof, err := tr.Program.Profile(func() (err error) {
		t.step, steps, err = timeSteps(&tr, s.Batches, measuredSteps)
		return err
	})
	if err != nil {
		return t, err
	}
	for _, c := range prof.ByOp {
		t.flops += c.FLOPs / steps
	}
	if t.batch, err = timeBatches(s, 1); err != nil {
		return t, err
	}
	n := int(measured / max(t.batch, measured/measuredBatches))
	if t.batch, err = timeBatches(s, max(1, min(n, s.Held.Len()))); err != nil {
		return t, err
	}
	begin := time.Now()
	if o, ok := s.Trainer.Optimizer.(train.Optimizer); ok {
		if err := o.Update(s.Trainer.Program.ValueGrads(), 0, 0); err != nil {
			return t, err
		}
		t.update = time.Since(begin)
	}
	begin = time.Now()
	_, err = s.Score.of(context.Background(), train.Evaluation{Tokens: 1})
	t.score = time.Since(begin)
	return t, err
}

// timeSteps trains at most most steps, and returns their mean time and their number.
func timeSteps(tr *train.Trainer, batches train.Source, most int) (mean time.Duration, steps int, err error) {
	begin := time.Now()
	for _, err := range tr.Steps(context.Background(), batches) {
		if err != nil {
			return 0, 0, err
		}
		if steps++; steps == most || time.Since(begin) > measured {
			break
		}
	}
	return time.Since(begin) / time.Duration(steps), steps, nil
}

// timeBatches evaluates n batches and returns their mean time.
func timeBatches(s Setup, n int) (time.Duration, error) {
	begin := time.Now()
	_, err := train.Evaluate(context.Background(), s.Eval, s.Held, n)
	return time.Since(begin) / time.Duration(n), err
}

// sizeOf returns the number of bytes of tensors.
func sizeOf(tensors checkpoints.Tensors) (n int) {
	for _, t := range tensors {
		n += int(t.MemSize())
	}
	return n
}

// diskSpace returns the number of checkpoints that are kept and their total size, as text.
func (r *Run) diskSpace(each, evaluations int) string {
	if n := r.Keep + 1; r.Keep > 0 && n < evaluations { // Keep checkpoints and the best
		return fmt.Sprintf("up to %d kept: %s", n, unit(float64(n)*float64(each), "B"))
	}
	return fmt.Sprintf("%d kept: %s", evaluations, unit(float64(evaluations)*float64(each), "B"))
}

// plural returns a number with its noun.
func plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "ch"):
		noun += "e"
	}
	return count(n) + " " + noun + "s"
}

func trained(p *graph.Program) (n int) {
	for _, w := range p.Weights() {
		n += w.Value().Shape().TotalSize()
	}
	return n
}

// size formats bytes.
func size(n int) string { return unit(float64(n), "B") }

// operations formats floating-point operations.
func operations(n int) string { return unit(float64(n), "FLOP") }

func unit(v float64, name string) string {
	for _, prefix := range []string{"", "k", "M", "G", "T"} {
		if v < 1000 {
			return strings.TrimSuffix(fmt.Sprintf("%.1f", v), ".0") + " " + prefix + name
		}
		v /= 1000
	}
	return fmt.Sprintf("%.1f P%s", v, name)
}

// count formats a number with commas.
func count(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
