package train

import (
	"cmp"
	"context"
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Evaluation is the loss and the accuracy of a model on data.
type Evaluation struct {
	Loss     float64 `json:"loss"`     // mean over the targets that count
	Accuracy float64 `json:"accuracy"` // fraction of the targets that have the largest logit; 0 without an output logits
	Tokens   int     `json:"tokens"`   // number of targets that counted
}

// Perplexity returns exp(Loss). If the loss is a cross-entropy, a choice among that many equally likely tokens is as uncertain.
func (e Evaluation) Perplexity() float64 { return math.Exp(e.Loss) }

// Evaluate runs a program over the batches 0 … n-1 of a source. The program is built in mode Eval, with a loss that is a mean over
// its Targets. Each batch counts by its number of targets. Accuracy needs an output logits (…, V) with a row for each target. The
// first of equal logits is the prediction, and a NaN never is. It is an error if no target counts or if a loss is not finite.
//
// If ctx is cancelled, the current batch completes and Evaluate returns the context's error.
func Evaluate(ctx context.Context, p *graph.Program, source Source, n int) (e Evaluation, err error) {
	return EvaluateTogether(ctx, nil, p, source, n)
}

// EvaluateTogether is Evaluate with the batches divided among the ranks of a Group. All ranks get the result of one process, bit for bit.
// If the ctx of one rank is cancelled, all return context.Canceled.
func EvaluateTogether(ctx context.Context, g Group, p *graph.Program, source Source, n int) (e Evaluation, err error) {
	defer func() { err = errors.WithMessage(err, "train: evaluate") }()
	switch {
	case p == nil || source == nil:
		return e, errors.Errorf("program %t, source %t: want both", p != nil, source != nil)
	case n < 1:
		return e, errors.Errorf("%d batches, want at least 1: the data are too short to hold a target", n)
	}
	parts := make([]float64, 3*n+1) // losses times targets, targets, right predictions, and whether some rank was stopped
	stopped, err := evaluateShare(ctx, g, p, source, parts)
	if err != nil {
		return e, err
	}
	if err := Share(g, parts); err != nil {
		return e, err
	}
	if parts[3*n] > 0 {
		return e, errors.WithMessagef(cmp.Or(ctx.Err(), context.Canceled), "stopped before batch %d of %d", stopped, n)
	}
	right, total := 0.0, 0.0
	for i := range n {
		if loss := parts[i]; loss-loss != 0 {
			return Evaluation{}, errors.Errorf("the loss of batch %d is %v", i, loss)
		}
		e.Loss, total, right = e.Loss+parts[i], total+parts[n+i], right+parts[2*n+i]
	}
	if total == 0 {
		return e, errors.Errorf("no target counts in %d batches: all are %d", n, ops.IgnoreTarget)
	}
	e.Loss, e.Accuracy, e.Tokens = e.Loss/total, right/total, int(math.Round(total))
	return e, nil
}

// evaluateShare runs the batches of this rank and enters their results in parts. If ctx is cancelled, it returns the batch before which it
// stopped.
func evaluateShare(ctx context.Context, g Group, p *graph.Program, source Source, parts []float64) (stopped int, err error) {
	n, targets := len(parts)/3, scored(p)
	lo, hi := divide(n, rankOf(g), ranks(g))
	for i := lo; i < hi; i++ {
		if ctx.Err() != nil {
			parts[3*n] = 1
			return i, nil
		}
		feed, err := source.Batch(i)
		if err != nil {
			return i, err
		}
		counted, err := counter{p, n > 1}.run(feed, nil)
		if err != nil {
			return i, errors.WithMessagef(err, "batch %d", i)
		}
		if counted == 0 {
			continue
		}
		hits, err := countRight(p.Output("logits"), targets)
		if err != nil {
			return i, errors.WithMessagef(err, "batch %d", i)
		}
		parts[i], parts[n+i], parts[2*n+i] = p.Loss()*counted, counted, float64(hits)
		if parts[i]-parts[i] != 0 { // the other ranks learn it, too
			break
		}
	}
	return hi, nil
}

// countRight returns the number of targets whose logit is the largest of its row. Without logits or without ids it returns 0.
func countRight(logits *tensor.Dense, targets *graph.Target) (int, error) {
	if logits == nil || targets == nil || targets.IDs() == nil {
		return 0, nil
	}
	ids, n := targets.IDs(), size(logits)
	if n%len(ids) != 0 {
		return 0, errors.Errorf("logits %v have no row for each of the %d targets of %s", logits.Shape(), len(ids), targets.Path())
	}
	if logits.Dtype() == tensor.Float64 {
		return hits(logits.Float64s(), ids), nil
	}
	return hits(logits.Float32s(), ids), nil
}

func hits[T kernel.Float](logits []T, ids []int32) (n int) {
	v := len(logits) / len(ids)
	for i, id := range ids {
		if id == ops.IgnoreTarget {
			continue
		}
		row, best := logits[i*v:(i+1)*v], -1
		for j, x := range row {
			if x == x && (best < 0 || x > row[best]) {
				best = j
			}
		}
		if best == int(id) {
			n++
		}
	}
	return n
}
