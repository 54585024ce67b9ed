package train

import (
	"math"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// Prediction is the prediction of a classifier for one row.
type Prediction struct {
	Class         int32     // class of the largest logit, the first of equal logits
	Target        int32     // class of the row; ops.IgnoreTarget if it has none
	Probabilities []float64 // probabilities of all classes: the softmax of the logits
	LogLoss       float64   // −ln of the probability of Target; 0 without a Target
}

// Predictions holds a Prediction for each row, in order.
type Predictions []Prediction

// Predict runs a program over rows in batches of the given size and returns a Prediction for each row, in order. The program is built
// in mode Eval with an output logits (B, V). It needs no loss. A Row of class ops.IgnoreTarget has no target. It is an error if a
// logit is not finite or if a class is V or more.
func Predict(p *graph.Program, rows data.Rows, size data.RowSize) (all Predictions, err error) {
	defer func() { err = errors.WithMessage(err, "train: predict") }()
	switch {
	case p == nil:
		return nil, errors.New("the Program is nil")
	case len(rows) == 0:
		return nil, errors.New("no rows")
	case size.B < 1:
		return nil, errors.Errorf("batches of %d rows, want at least 1", size.B)
	}
	batches := rows.Sequential(size)
	source := Only(p, batches)
	for i := range batches.Len() {
		feed, err := source.Batch(i)
		if err != nil {
			return nil, err
		}
		if err := p.Run(feed); err != nil {
			return nil, errors.WithMessagef(err, "batch %d", i)
		}
		first := i * size.B
		n := min(size.B, len(rows)-first)
		if all, err = appendPredictions(all, p.Output("logits"), rows[first:first+n], size.B); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// appendPredictions appends the predictions of the first rows of logits (b, V).
func appendPredictions(all Predictions, logits *tensor.Dense, rows data.Rows, b int) (Predictions, error) {
	if logits == nil || logits.Dims() != 2 || logits.Shape()[0] != b {
		return nil, errors.Errorf("the program has no output logits (%d, V)", b)
	}
	v := logits.Shape()[1]
	for i, row := range rows {
		var p Prediction
		var err error
		if logits.Dtype() == tensor.Float64 {
			p, err = predictRow(logits.Float64s()[i*v:(i+1)*v], row.Class)
		} else {
			p, err = predictRow(logits.Float32s()[i*v:(i+1)*v], row.Class)
		}
		if err != nil {
			return nil, errors.WithMessagef(err, "row %d", len(all))
		}
		all = append(all, p)
	}
	return all, nil
}

func predictRow[T kernel.Float](logits []T, target int32) (p Prediction, err error) {
	if int(target) >= len(logits) {
		return p, errors.Errorf("class %d of a model with %d classes", target, len(logits))
	}
	for j, x := range logits {
		if x-x != 0 {
			return p, errors.Errorf("the logit of class %d is %v", j, x)
		}
		if x > logits[p.Class] {
			p.Class = int32(j)
		}
	}
	top, total := float64(logits[p.Class]), 0.0
	p.Target, p.Probabilities = target, make([]float64, len(logits))
	for j, x := range logits {
		p.Probabilities[j] = math.Exp(float64(x) - top)
		total += p.Probabilities[j]
	}
	for j := range p.Probabilities {
		p.Probabilities[j] /= total
	}
	if target != ops.IgnoreTarget {
		p.LogLoss = math.Log(total) + top - float64(logits[target])
	}
	return p, nil
}

// Evaluation returns the mean loss and the accuracy over the rows that have a target. It agrees with Evaluate. It is an error if no
// row has a target.
func (p Predictions) Evaluation() (e Evaluation, err error) {
	right := 0
	for _, x := range p {
		if x.Target == ops.IgnoreTarget {
			continue
		}
		e.Tokens++
		e.Loss += x.LogLoss
		if x.Class == x.Target {
			right++
		}
	}
	if e.Tokens == 0 {
		return e, errors.Errorf("train: predictions: none of %d rows has a target", len(p))
	}
	e.Loss /= float64(e.Tokens)
	e.Accuracy = float64(right) / float64(e.Tokens)
	return e, nil
}
