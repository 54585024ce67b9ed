package job_test

import (
	"math"
	"os"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// estimateOf returns an argument of Require for a table of n rows.
func estimateOf(params *graph.Params, n int) func(graph.Mode) (graph.Requirements, error) {
	return func(m graph.Mode) (graph.Requirements, error) { return graph.Estimate(params, m, config{n}.loss(4, 5)) }
}

// TestRequire: if a run does not fit into memory, an error with both numbers comes before anything is made. A dry run also prints the
// memory and the time that the run would need.
func TestRequire(t *testing.T) {
	inFolder(t)
	for _, dry := range []bool{false, true} {
		p := newProgram()
		p.DryRun = dry
		run, err := job.Open(&p.Options, job.Program{Name: "test", W: &p.said})
		if err != nil {
			t.Fatal(err)
		}
		params := graph.NewParams(tensor.Float32, 1)
		if err := run.Require(estimateOf(params, 8)); err != nil {
			t.Errorf("a small model: %v", err)
		}
		huge := int(math.Sqrt(0.3 * float64(graph.AvailableMemory()) / 4)) // parameters and gradients fit, moments do not
		err = run.Require(estimateOf(params, huge))
		wantError(t, err, "of memory are needed", "moments", "are available", "-batch")
		if params.Len() != 0 {
			t.Errorf("%d parameters are made", params.Len())
		}
		run.Close()
		if printed := p.said.Len() > 0; printed != dry {
			t.Errorf("dry run %v: printed %q", dry, p.said.String())
		}
	}
	if left, _ := os.ReadDir("."); len(left) != 0 {
		t.Errorf("got %v left, want nothing", left)
	}
}
