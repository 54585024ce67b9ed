package report

import (
	"bufio"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
)

// header names the columns. A row of a step leaves the last two empty, a row of an evaluation has them and the step only.
const header = "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy"

// columns is their number.
const columns = 8

// Log is a CSV file of a run: a row for each step and for each evaluation, written as they come.
type Log struct {
	path string
	file *os.File
	row  []byte
}

// OpenLog opens a log to continue after a step: it cuts off the rows of later steps, which a resumed run repeats, and an incomplete
// last line. Step 0 leaves the header alone. A file that is no such log, or a damaged one, is an error and stays as it is; see
// RescueLog.
func OpenLog(path string, step int) (*Log, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, errors.Wrap(err, "report: log")
	}
	l := &Log{path: path, file: f}
	if err := l.cut(step); err != nil {
		f.Close()
		return nil, errors.WithMessagef(err, "report: log %s", path)
	}
	return l, nil
}

// cut drops the rows behind the last row of a step no later than step, and goes to the end.
func (l *Log) cut(step int) error {
	end := int64(0)
	err := scan(l.file, func(r row) bool {
		if r.line > 1 && r.step > step {
			return false
		}
		end = r.end
		return true
	})
	if err != nil {
		return err
	}
	if err := l.file.Truncate(end); err != nil {
		return errors.WithStack(err)
	}
	if _, err := l.file.Seek(end, io.SeekStart); err != nil {
		return errors.WithStack(err)
	}
	if end == 0 {
		_, err = l.file.WriteString(header + "\n")
	}
	return errors.WithStack(err)
}

// Step writes the row of a step.
func (l *Log) Step(r train.Report) error {
	b := strconv.AppendInt(l.row[:0], int64(r.Step), 10)
	b = appendFloats(b, r.Loss, r.GradNorm, r.Rate)
	b = strconv.AppendInt(append(b, ','), int64(r.Tokens), 10)
	b = appendFloats(b, r.Elapsed.Seconds())
	return l.write(append(b, ",,\n"...))
}

// Evaluation writes the row of an evaluation after a step.
func (l *Log) Evaluation(step int, e train.Evaluation) error {
	b := strconv.AppendInt(l.row[:0], int64(step), 10)
	b = appendFloats(append(b, ",,,,,"...), e.Loss, e.Accuracy)
	return l.write(append(b, '\n'))
}

// Sync flushes the log to the disk, so that it is not behind a checkpoint after a loss of power.
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

// row is a line of a log.
type row struct {
	line   int // from 1, which is the header
	end    int64
	step   int
	fields []string
}

// scan calls f with every whole line until it returns false. A file that is empty has none.
func scan(file io.Reader, f func(row) bool) error {
	b := bufio.NewReader(file)
	r := row{}
	for {
		text, err := b.ReadString('\n')
		if err == io.EOF && (r.line > 0 || strings.HasPrefix(header, text)) {
			return nil // a killed run leaves an incomplete last line, which does not count
		}
		if err != nil && err != io.EOF {
			return errors.WithStack(err)
		}
		r.line, r.end = r.line+1, r.end+int64(len(text))
		text = strings.TrimRight(text, "\r\n")
		if r.line == 1 && text != header {
			return errors.Errorf("it begins with %.80q, want %q: this is no log, choose another name", text, header)
		}
		if err := r.parse(text); err != nil {
			return errors.WithMessagef(err, "line %d", r.line)
		}
		if !f(r) {
			return nil
		}
	}
}

// parse reads the columns of a line. Those of the header are only counted.
func (r *row) parse(text string) (err error) {
	r.fields = strings.Split(text, ",")
	if len(r.fields) != columns {
		return errors.Errorf("%d columns, want %d", len(r.fields), columns)
	}
	if r.line == 1 {
		return nil
	}
	if r.step, err = strconv.Atoi(r.fields[0]); err != nil {
		return errors.Errorf("step %q is no whole number", r.fields[0])
	}
	for i, name := range strings.Split(header, ",") {
		if _, err := strconv.ParseFloat(r.fields[i], 64); err != nil && r.fields[i] != "" {
			return errors.Errorf("%s %q is no number", name, r.fields[i])
		}
	}
	return nil
}
