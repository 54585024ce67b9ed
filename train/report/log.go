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

// header names the columns. In a row of a step the last two are empty. A row of an evaluation has only the step and the last two.
const header = "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy"

// columns is the number of columns.
const columns = 8

// Log is a CSV file of a run, with a row for each step and for each evaluation. Each row is written at once.
type Log struct {
	path string
	file *os.File
	row  []byte
}

// OpenLog opens a log to continue after a step. It cuts off the rows of later steps, which a resumed run repeats, and an incomplete
// last line. With step 0 only the header remains. If the file is no log or is damaged, OpenLog returns an error and does not change the
// file; see RescueLog.
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

// cut removes the first row of a later step and all rows after it, and moves to the end of the file.
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

// row is a line of a log.
type row struct {
	line   int   // from 1, the header
	end    int64 // offset of the next line
	step   int
	fields []string
}

// scan calls f with every complete line until f returns false. An empty file has no lines.
func scan(file io.Reader, f func(row) bool) error {
	b := bufio.NewReader(file)
	r := row{}
	for {
		text, err := b.ReadString('\n')
		if err == io.EOF && (r.line > 0 || strings.HasPrefix(header, text)) {
			return nil // a killed run leaves an incomplete last line
		}
		if err != nil && err != io.EOF {
			return errors.WithStack(err)
		}
		r.line, r.end = r.line+1, r.end+int64(len(text))
		text = strings.TrimRight(text, "\r\n")
		if r.line == 1 && text != header {
			return errors.Errorf("it begins with %.80q, want %q: this is no log: choose another name", text, header)
		}
		if err := r.parse(text); err != nil {
			return errors.WithMessagef(err, "line %d", r.line)
		}
		if !f(r) {
			return nil
		}
	}
}

// parse reads the columns of a line. It only counts the columns of the header.
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
