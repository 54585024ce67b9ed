package job

import (
	"context"
	"fmt"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/train"
)

// Score is a score that a program computes at each evaluation, such as an accuracy. It chooses the best checkpoint and ends a run with
// -patience, in place of the loss on held-out data. The log has a column for it, and the plot shows it. A run without a Score goes by the
// loss.
type Score struct {
	Name  string // such as HR@10, in lines, the log and the plot
	Lower bool   // lower is better

	// Of returns the score of the current weights. It may take it from the evaluation on the held-out data. If ctx is cancelled, Of may
	// return the context's error; a resumed run then repeats the evaluation. A score must depend only on the weights, so that a resumed
	// run repeats it.
	Of func(ctx context.Context, e train.Evaluation) (float64, error)
}

// Evaluation is an evaluation on held-out data with the program's score.
type Evaluation struct {
	train.Evaluation
	Score float64 // 0 without a Setup.Score
}

// Accuracy is the Score of a program whose model is chosen by the accuracy on the held-out data.
var Accuracy = Score{Name: "accuracy", Of: func(_ context.Context, e train.Evaluation) (float64, error) { return e.Accuracy, nil }}

func (s Score) check() error {
	if (s.Of == nil) != (s.Name == "") {
		return errors.Errorf("a score with the name %q and a function %t: want both or neither", s.Name, s.Of != nil)
	}
	if strings.ContainsAny(s.Name, ",\"\r\n") { // it names a column of the log
		return errors.Errorf("a score with the name %q: want one without commas, quotes and line breaks", s.Name)
	}
	return nil
}

// of returns the score of an evaluation, 0 if there is no score.
func (s Score) of(ctx context.Context, e train.Evaluation) (float64, error) {
	if s.Of == nil {
		return 0, nil
	}
	v, err := s.Of(ctx, e)
	if err == nil && v-v != 0 {
		err = errors.Errorf("it is %v, want a finite number", v)
	}
	return v, errors.WithMessagef(err, "score %s", s.Name)
}

// saved returns the score for a checkpoint, nil if there is none.
func (s Score) saved(v float64) *checkpoints.Score {
	if s.Of == nil {
		return nil
	}
	return &checkpoints.Score{Name: s.Name, Value: v, Lower: s.Lower}
}

// value returns the value that chooses the best checkpoint.
func (s Score) value(e Evaluation) float64 {
	if s.Of == nil {
		return e.Loss
	}
	return e.Score
}

// scoreText returns the score for the end of a line, "" if there is none.
func scoreText(s *checkpoints.Score) string {
	if s == nil {
		return ""
	}
	return fmt.Sprintf(", %s %.4f", s.Name, s.Value)
}
