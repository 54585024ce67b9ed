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

// Pass is a Source of one pass over rows, in Len batches. Items returns the positions in the data of the first rows of a batch; the
// other rows only fill it. Each feed has the int32 input targets, a class for each row.
type Pass interface {
	Source
	Len() int
	Items(i int) ([]int, error)
}

// Predict runs a program over rows in batches of the given sizes and returns a Prediction for each row, in order. The program is built
// for these sizes in mode Eval, with an output logits (B, V). It needs no loss. A Row of class ops.IgnoreTarget has no target. It is an error if a
// logit is not finite or if a class is V or more.
func Predict(p *graph.Program, rows data.Rows, sizes ...data.RowSize) (Predictions, error) {
	return PredictPass(p, rows.Sequential(sizes...), len(rows))
}

// PredictPass is Predict for a pass over n rows of any kind, such as pictures.
func PredictPass(p *graph.Program, pass Pass, n int) (all Predictions, err error) {
	defer func() { err = errors.WithMessage(err, "train: predict") }()
	switch {
	case p == nil:
		return nil, errors.New("the Program is nil")
	case n == 0:
		return nil, errors.New("no rows")
	}
	all = make(Predictions, n)
	for i := range max(1, pass.Len()) { // Batch returns the error of a wrong size
		feed, err := pass.Batch(i)
		if err != nil {
			return nil, err
		}
		if err := p.Run(inputsOf(p, feed)); err != nil {
			return nil, errors.WithMessagef(err, "batch %d", i)
		}
		items, err := pass.Items(i)
		if err != nil {
			return nil, err
		}
		if err := all.fill(items, feed["targets"].Int32s(), p.Output("logits")); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// fill sets the predictions of the items, which are the first rows of logits (len(targets), V).
func (p Predictions) fill(items []int, targets []int32, logits *tensor.Dense) (err error) {
	if logits == nil || logits.Dims() != 2 || logits.Shape()[0] != len(targets) {
		return errors.Errorf("the program has no output logits (%d, V)", len(targets))
	}
	v := logits.Shape()[1]
	for r, i := range items {
		if logits.Dtype() == tensor.Float64 {
			p[i], err = predictRow(logits.Float64s()[r*v:(r+1)*v], targets[r])
		} else {
			p[i], err = predictRow(logits.Float32s()[r*v:(r+1)*v], targets[r])
		}
		if err != nil {
			return errors.WithMessagef(err, "row %d", i)
		}
	}
	return nil
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
