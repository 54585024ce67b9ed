//go:build unix

package job_test

import (
	"context"
	"testing"

	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// TestInterruptedScore interrupts a run between two evaluations and within a score. The resumed run has the files of a whole one.
func TestInterruptedScore(t *testing.T) {
	inFolder(t)
	mustRun(t, scored(byLoss), "-patience 3")
	want := ends(t, "out")
	for _, within := range []bool{false, true} {
		p := scored(byLoss)
		var now *job.Run
		p.each = func(run *job.Run, at int) {
			if now = run; at == 6 && !within {
				interrupt(run)
			}
		}
		p.score.Of = func(ctx context.Context, e train.Evaluation) (float64, error) {
			if p.at == 8 {
				interrupt(now)
			}
			return e.Loss, ctx.Err()
		}
		if finished, err := p.run("-patience 3 -out half"); err != nil || finished {
			t.Fatalf("finished %v, error %v", finished, err)
		}
		mustRun(t, scored(byLoss), "-resume -out half")
		sameFiles(t, ends(t, "half"), want)
		inFolder(t)
	}
}
