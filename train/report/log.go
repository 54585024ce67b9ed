package report

import (
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
)

// header names the columns. In a row of a step the last two are empty. A row of an evaluation has only the step and the last two. A log
// of a score has one more column, which bears its name and is like the last two.
const header = "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy"

// columns is the number of columns without a score.
const columns = 8

// Log is a CSV file of a run, with a row for each step and for each evaluation. Each row is written at once.
type Log struct {
	path  string
	score string // name of the score; "" means none
	file  *os.File
	row   []byte
}

// OpenLog opens a log to continue after a step. It cuts off the rows of later steps, which a resumed run repeats, and an incomplete
// last line. With step 0 only the header remains. The log has a column for the score of this name, or none if it is "". If the file is no
// log, is damaged or has another score, OpenLog returns an error and does not change the file; see RescueLog.
func OpenLog(path string, step int, score string) (*Log, error) {
	if strings.ContainsAny(score, ",\"\r\n") {
		return nil, errors.Errorf("report: log %s: the score has the name %q: want one without commas, quotes and line breaks", path, score)
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, errors.Wrap(err, "report: log")
	}
	l := &Log{path: path, score: score, file: f}
	if err := l.cut(step); err != nil {
		f.Close()
		return nil, errors.WithMessagef(err, "report: log %s", path)
	}
	return l, nil
}

// cut removes the first row of a later step and all rows after it, and moves to the end of the file.
func (l *Log) cut(step int) error {
	end, was := int64(0), l.score
	err := scan(l.file, func(r row) bool {
		if r.line == 1 {
			was = r.score()
		} else if r.step > step {
			return false
		}
		end = r.end
		return true
	})
	if err != nil {
		return err
	}
	if was != l.score {
		return errors.Errorf("it has the score %q, want %q", was, l.score)
	}
	if err := l.file.Truncate(end); err != nil {
		return errors.WithStack(err)
	}
	if _, err := l.file.Seek(end, io.SeekStart); err != nil {
		return errors.WithStack(err)
	}
	if end == 0 {
		_, err = l.file.WriteString(headerOf(l.score) + "\n")
	}
	return errors.WithStack(err)
}

// headerOf returns the header of a log of this score.
func headerOf(score string) string {
	if score == "" {
		return header
	}
	return header + "," + score
}

// Step writes the row of a step.
func (l *Log) Step(r train.Report) error {
	b := strconv.AppendInt(l.row[:0], int64(r.Step), 10)
	b = appendFloats(b, r.Loss, r.GradNorm, r.Rate)
	b = strconv.AppendInt(append(b, ','), int64(r.Tokens), 10)
	b = appendFloats(b, r.Elapsed.Seconds())
	b = append(b, ",,"...)
	if l.score != "" {
		b = append(b, ',')
	}
	return l.write(append(b, '\n'))
}

// Evaluation writes the row of an evaluation after a step. It leaves out the score if the log has none.
func (l *Log) Evaluation(step int, e train.Evaluation, score float64) error {
	b := strconv.AppendInt(l.row[:0], int64(step), 10)
	b = appendFloats(append(b, ",,,,,"...), e.Loss, e.Accuracy)
	if l.score != "" {
		b = appendFloats(b, score)
	}
	return l.write(append(b, '\n'))
}

// Sync flushes the log to the disk, so that after a loss of power it has all steps before the next checkpoint.
func (l *Log) Sync() error { return errors.Wrapf(l.file.Sync(), "report: log %s", l.path) }

// Close closes the file.
func (l *Log) Close() error { return errors.Wrapf(l.file.Close(), "report: log %s", l.path) }

func (l *Log) write(b []byte) error {
	l.row = b
	_, err := l.file.Write(b)
	return errors.Wrapf(err, "report: log %s", l.path)
}

func appendFloats(b []byte, values ...float64) []byte {
	for _, v := range values {
		b = strconv.AppendFloat(append(b, ','), v, 'g', -1, 64)
	}
	return b
}
