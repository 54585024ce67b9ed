package report

import (
	"os"
	"strconv"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
)

// Entry is a row of a log: a step, or an evaluation after a step.
type Entry struct {
	Step       train.Report // its Step is that of an Evaluation, too
	Evaluation *train.Evaluation
}

// ReadEntries calls f with every row of a log from the one with index first on, even while another process writes it, and returns the
// index of the next row.
func ReadEntries(path string, first int, f func(Entry)) (next int, err error) {
	file, err := os.Open(path)
	if err != nil {
		return first, errors.Wrap(err, "report: log")
	}
	defer file.Close()
	next = first
	err = scan(file, func(r row) bool {
		if i := r.line - 2; i >= first {
			f(r.entry())
			next = i + 1
		}
		return true
	})
	return next, errors.WithMessagef(err, "report: log %s", path)
}

// entry returns the values of a row, which scan has checked.
func (r row) entry() Entry {
	number := func(i int) float64 {
		v, _ := strconv.ParseFloat(r.fields[i], 64) // an empty field is 0
		return v
	}
	if r.fields[6] != "" {
		return Entry{Step: train.Report{Step: r.step}, Evaluation: &train.Evaluation{Loss: number(6), Accuracy: number(7)}}
	}
	return Entry{Step: train.Report{
		Step: r.step, Loss: number(1), GradNorm: number(2), Rate: number(3), Tokens: int(number(4)), Elapsed: time.Duration(number(5) * float64(time.Second)),
	}}
}
