package train

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Scores holds the scores of one class. A row is of the class that is its target.
type Scores struct {
	Precision float64 `json:"precision"` // fraction of the rows predicted as the class that are of the class
	Recall    float64 `json:"recall"`    // fraction of the rows of the class that are predicted as the class
	F1        float64 `json:"f1"`        // harmonic mean of Precision and Recall
	Support   int     `json:"support"`   // number of rows of the class
}

// Classification holds the scores of a classifier. They agree with scikit-learn's classification_report. A fraction of no rows is 0.
type Classification struct {
	Labels    []string `json:"labels"`
	Confusion [][]int  `json:"confusion"` // number of rows by target and predicted class
	Accuracy  float64  `json:"accuracy"`  // fraction of the rows whose predicted class is the target
	Classes   []Scores `json:"classes"`
	Macro     Scores   `json:"macro"`    // means over the classes
	Weighted  Scores   `json:"weighted"` // means over the classes, weighted by their support
}

// Classification compares the predictions with the targets. A row without a target does not count. It is an error if no row has a
// target, or if a class has no label.
func (p Predictions) Classification(labels []string) (Classification, error) {
	c := Classification{Labels: labels, Confusion: make([][]int, len(labels))}
	for i := range c.Confusion {
		c.Confusion[i] = make([]int, len(labels))
	}
	rows := 0
	for i, x := range p {
		if x.Target == ops.IgnoreTarget {
			continue
		}
		if low, high := min(x.Target, x.Class), max(x.Target, x.Class); low < 0 || int(high) >= len(labels) {
			return c, errors.Errorf("train: classification: row %d has target %d and predicted class %d, want both below the %d labels",
				i, x.Target, x.Class, len(labels))
		}
		c.Confusion[x.Target][x.Class]++
		rows++
	}
	if rows == 0 {
		return c, errors.Errorf("train: classification: none of %d rows has a target", len(p))
	}
	c.score(rows)
	return c, nil
}

// score computes all scores from the confusion matrix. rows is the sum of its elements.
func (c *Classification) score(rows int) {
	right := 0
	for i, row := range c.Confusion {
		predicted, support := 0, 0
		for j := range row {
			predicted, support = predicted+c.Confusion[j][i], support+row[j]
		}
		hits := row[i]
		right += hits
		s := Scores{share(hits, predicted), share(hits, support), share(2*hits, predicted+support), support}
		c.Classes = append(c.Classes, s)
		c.Macro.add(s, 1/float64(len(c.Labels)))
		c.Weighted.add(s, share(support, rows))
	}
	c.Accuracy = share(right, rows)
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}

// add adds the scores of a class, times w, and its support.
func (s *Scores) add(x Scores, w float64) {
	s.Precision += w * x.Precision
	s.Recall += w * x.Recall
	s.F1 += w * x.F1
	s.Support += x.Support
}
