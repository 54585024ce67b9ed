package job

import (
	"strconv"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// Require returns an error unless the machine has the memory for the whole run: parameters, gradients, two moments for each parameter
// and the Programs of training and evaluation. estimate returns the cost of a Program, by graph.Estimate or graph.EstimateShapes. This
// allocates no memory; call Require before the Programs are built. If the run does not fit, a dry run also prints the memory and the time
// that it would need.
func (r *Run) Require(estimate func(graph.Mode) (graph.Requirements, error)) error {
	step, err := estimate(graph.Train)
	if err != nil {
		return err
	}
	eval, err := estimate(graph.Eval)
	if err != nil {
		return err
	}
	moments := 2 * step.Memory.Gradients
	sums := r.sumBuffers() * step.Memory.Gradients
	whole := step.Memory.Total() + moments + sums + eval.Memory.Total() - eval.Memory.Params
	have := graph.AvailableMemory()
	if whole <= have {
		return nil
	}
	if r.DryRun {
		r.printf("parameters   %s", count(step.Parameters))
		r.printMemory(step.Memory, eval.Memory, moments, sums)
		flops := step.Forward + step.Backward
		each := time.Duration(float64(flops) / productSpeed() * float64(time.Second))
		r.printf("a step       %s: about %s, by the speed of a product", operations(flops), report.Duration(each))
	}
	return errors.Errorf("run in %s: %s of memory are needed (parameters %s, gradients %s, sums of micro-batches %s, moments %s, training %s, evaluation %s), %s are available: "+
		"make the model, -batch or -context smaller", r.Out, size(whole), size(step.Memory.Params), size(step.Memory.Gradients), size(sums), size(moments),
		size(step.Memory.Arena), size(eval.Memory.Arena), size(have))
}

// sumBuffers returns the number of partial sums of gradients, by -micro-batches.
func (r *Run) sumBuffers() int {
	if f := r.program.Flags; f != nil && f.Lookup("micro-batches") != nil {
		if n, err := strconv.Atoi(f.Lookup("micro-batches").Value.String()); err == nil && n <= mostMicroBatches {
			size := 1
			if r.group != nil {
				size = r.group.Size()
			}
			return train.PartialSums(n, size)
		}
	}
	return 0
}

// printMemory prints the memory of both Programs, the moments and the sums of micro-batches.
func (r *Run) printMemory(step, eval graph.Memory, moments, sums int) {
	between := ""
	if sums > 0 {
		between = ", sums of micro-batches " + size(sums)
	}
	r.printf("training     %s: parameters %s, gradients %s%s, moments %s, inputs %s, arena %s", size(step.Total()+moments+sums),
		size(step.Params), size(step.Gradients), between, size(moments), size(step.Inputs), size(step.Arena))
	r.printf("evaluation   %s more: inputs %s, arena %s", size(eval.Total()-eval.Params), size(eval.Inputs), size(eval.Arena))
	r.printf("kernels      %s", kernel.Describe())
	r.printf("together     %s", size(step.Total()+moments+sums+eval.Total()-eval.Params))
}

// productSpeed returns the floating-point operations per second of a product of matrices.
func productSpeed() float64 {
	const n = 512
	g := kernel.Gemm[float32]{
		M: n, N: n, K: n, A: kernel.Matrix[float32]{Data: make([]float32, n*n), Stride: n}, B: kernel.Matrix[float32]{Data: make([]float32, n*n), Stride: n},
		C: make([]float32, n*n), StrideC: n,
	}
	g.Run() // the first run is slower
	begin, runs := time.Now(), 0
	for time.Since(begin) < 50*time.Millisecond {
		g.Run()
		runs++
	}
	return 2 * n * n * n * float64(runs) / time.Since(begin).Seconds()
}
