package job

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// ratesName is the plot of -find-lr.
const ratesName = "lr.png"

// planned reports whether this process trains no step of the run.
func (r *Run) planned() bool { return r.DryRun || r.FindLR }

// findRate tests learning rates, draws them into the run's folder and ends the loop before the first step.
func (r *Run) findRate(s Setup) error {
	r.setup = s
	if err := r.checkSetup(); err != nil {
		return err
	}
	ctx, restore := train.UntilInterrupt(context.Background())
	defer restore()
	fmt.Fprintf(r.program.W, "testing learning rates on %s\n", s.About)
	r.loop, r.end = context.WithCancel(r.loop)
	r.end()
	r.signals = r.loop // Evaluate does nothing
	points, best, err := train.RateTest{}.Run(ctx, s.Trainer, s.Batches)
	if ctx.Err() != nil {
		r.printf("stopped: no rates are drawn")
		return nil
	} else if err != nil {
		return err
	}
	path := filepath.Join(r.Out, ratesName)
	err = checkpoints.WriteFile(path, func(w io.Writer) error { return report.WriteRates(w, points, best) })
	if err != nil {
		return err
	}
	name, optimizer := "-lr", s.Trainer.Optimizer
	if e, ok := optimizer.(*train.EMA); ok {
		optimizer = e.Optimizer
	}
	if _, ok := optimizer.(*train.Muon); ok {
		name = "-muon-lr"
	}
	last := points[len(points)-1]
	r.printf("the loss falls fastest at a rate of %.2g, and is %.4g at %.2g, the last of %d steps: try %s %.1g; the rates are in %s",
		best, last.Loss, last.Rate, len(points), name, best, path)
	return nil
}
