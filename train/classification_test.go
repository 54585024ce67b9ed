package train_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train"
)

// pairsOf returns predictions with these targets and classes.
func pairsOf(targets, classes []int32) train.Predictions {
	p := make(train.Predictions, len(targets))
	for i := range p {
		p[i] = train.Prediction{Class: classes[i], Target: targets[i]}
	}
	return p
}

// TestClassification compares the scores with scores computed by hand, class by class.
func TestClassification(t *testing.T) {
	p := pairsOf([]int32{0, 0, 0, 0, 1, 1, 1, 2, 2, ops.IgnoreTarget}, []int32{0, 0, 1, 1, 1, 1, 0, 0, 1, 2})
	c := must[train.Classification](t)(p.Classification([]string{"a", "b", "c"}))
	// Predicted: a 4 times, b 5 times, c never. Right: a twice, b twice.
	near(t, "a", []float64{c.Classes[0].Precision, c.Classes[0].Recall, c.Classes[0].F1}, []float64{2. / 4, 2. / 4, 2. / 4}, 1e-15)
	near(t, "b", []float64{c.Classes[1].Precision, c.Classes[1].Recall, c.Classes[1].F1}, []float64{2. / 5, 2. / 3, 4. / 8}, 1e-15)
	near(t, "c", []float64{c.Classes[2].Precision, c.Classes[2].Recall, c.Classes[2].F1}, []float64{0, 0, 0}, 0)
	near(t, "macro", []float64{c.Macro.Precision, c.Macro.Recall, c.Macro.F1}, []float64{.9 / 3, (.5 + 2./3) / 3, 1. / 3}, 1e-15)
	near(t, "weighted", []float64{c.Weighted.Precision, c.Weighted.Recall, c.Weighted.F1, c.Accuracy},
		[]float64{(4*.5 + 3*.4) / 9, (4*.5 + 2) / 9, (4*.5 + 3*.5) / 9, 4. / 9}, 1e-15) // sums of three numbers
	if got := fmt.Sprint(c.Confusion); got != "[[2 2 0] [1 2 0] [1 1 0]]" || c.Macro.Support != 9 || c.Weighted.Support != 9 || c.Classes[1].Support != 3 {
		t.Errorf("got %+v", c)
	}
}

// TestClassificationSums: for any number of classes, the rows of the matrix are the support, and accuracy is the weighted recall.
func TestClassificationSums(t *testing.T) {
	for _, n := range []int{1, 2, 7} {
		labels := make([]string, n)
		var targets, classes []int32
		for i := range 50 {
			targets, classes = append(targets, int32(i*i%n)), append(classes, int32(i*7%13%n))
		}
		c := must[train.Classification](t)(pairsOf(targets, classes).Classification(labels))
		near(t, "accuracy", []float64{c.Accuracy}, []float64{c.Weighted.Recall}, 1e-15) // sums of seven numbers
		for i, row := range c.Confusion {
			sum := 0
			for _, k := range row {
				sum += k
			}
			if sum != c.Classes[i].Support {
				t.Errorf("class %d of %d: %d in the matrix, support %d", i, n, sum, c.Classes[i].Support)
			}
		}
	}
}

func TestClassificationErrors(t *testing.T) {
	_, err := pairsOf([]int32{0, 2}, []int32{0, 1}).Classification([]string{"a", "b"})
	wantError(t, err, "row 1", "target 2", "2 labels")
	_, err = pairsOf([]int32{0}, []int32{-1}).Classification([]string{"a", "b"})
	wantError(t, err, "row 0", "class -1")
	_, err = pairsOf([]int32{ops.IgnoreTarget}, []int32{0}).Classification([]string{"a", "b"})
	wantError(t, err, "none of 1 rows has a target")
	_, err = train.Predictions{}.Classification(nil)
	wantError(t, err, "none of 0 rows")
}

// TestClassificationTable: columns are aligned for labels in any script.
func TestClassificationTable(t *testing.T) {
	c := must[train.Classification](t)(pairsOf([]int32{0, 1, 1}, []int32{0, 1, 0}).Classification([]string{"좋다", "very bad indeed"}))
	for table := range strings.SplitSeq(c.String(), "\n\n") {
		lines := strings.Split(strings.TrimRight(table, "\n"), "\n")
		for _, line := range lines {
			if len([]rune(line)) != len([]rune(lines[0])) {
				t.Errorf("line %q has another width than %q", line, lines[0])
			}
		}
	}
}

// Predictions return the scores of each class and the confusion matrix. Here they are made by hand.
func ExamplePredictions_Classification() {
	p := train.Predictions{{Class: 0, Target: 0}, {Class: 1, Target: 1}, {Class: 1, Target: 0}, {Class: 1, Target: 1}}
	c, err := p.Classification([]string{"no", "yes"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(c)
	// Output:
	//                precision  recall      f1  rows
	// no                1.0000  0.5000  0.6667     2
	// yes               0.6667  1.0000  0.8000     2
	// macro mean        0.8333  0.7500  0.7333     4
	// weighted mean     0.8333  0.7500  0.7333     4
	// accuracy                          0.7500     4
	//
	// is \ predicted  no  yes
	// no               1    1
	// yes              0    2
}
