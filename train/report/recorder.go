package report

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/internal/textline"
)

// Value is a figure of a run, such as valid_loss.
type Value struct {
	Name  string
	Value float64
}

// Recorder writes figures of a run, each call at once. JSONL and Events are Recorders.
type Recorder interface {
	// Record writes the values after a step. Values that are not finite are left out.
	Record(step int, values []Value) error
	// Sync flushes the file to the disk.
	Sync() error
	Close() error
}

// StepValues returns the figures of a step. Their names are those of the columns of a Log.
func StepValues(r train.Report) []Value {
	values := []Value{{"loss", r.Loss}, {"grad_norm", r.GradNorm}, {"rate", r.Rate}, {"tokens", float64(r.Tokens)}, {"seconds", r.Elapsed.Seconds()}}
	if r.Skipped {
		values = append(values, Value{"skipped", 1})
	}
	return values
}

// JSONL is a file with a JSON object on each line: the step and the values after it.
type JSONL struct {
	path string
	file *os.File
	line []byte
}

// OpenJSONL opens a file to continue after a step. It cuts off the lines of later steps, which a resumed run repeats, and an incomplete
// last line. With step 0 it empties the file. If a line has no step, OpenJSONL returns an error and does not change the file.
func OpenJSONL(path string, step int) (*JSONL, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, errors.Wrap(err, "report")
	}
	end, err := jsonlEnd(f, step)
	if err == nil {
		err = cutAt(f, end)
	}
	if err != nil {
		f.Close()
		return nil, errors.WithMessagef(err, "report: %s", path)
	}
	return &JSONL{path: path, file: f}, nil
}

// jsonlEnd returns the offset of the first line of a later step.
func jsonlEnd(f io.Reader, step int) (end int64, err error) {
	b := bufio.NewReader(f)
	for line := 1; ; line++ {
		text, length, err := textline.Next(b)
		if err == io.EOF {
			return end, nil // a killed run leaves an incomplete last line
		} else if err != nil {
			return 0, errors.WithStack(err)
		}
		if err := textline.Check(length); err != nil {
			return 0, errors.WithMessagef(err, "line %d", line)
		}
		var v struct{ Step *int }
		if err := json.Unmarshal(text, &v); err != nil || v.Step == nil {
			return 0, errors.Errorf("line %d is %.80q, want a JSON object with a step: move the file away", line, text)
		}
		if *v.Step > step || step == 0 {
			return end, nil
		}
		end += int64(len(text))
	}
}

// cutAt truncates a file and moves to its end.
func cutAt(f *os.File, end int64) error {
	if err := f.Truncate(end); err != nil {
		return errors.WithStack(err)
	}
	_, err := f.Seek(end, io.SeekStart)
	return errors.WithStack(err)
}

// Record implements Recorder.
func (j *JSONL) Record(step int, values []Value) error {
	b := strconv.AppendInt(append(j.line[:0], `{"step":`...), int64(step), 10)
	for _, v := range values {
		if v.Value-v.Value != 0 {
			continue
		}
		name, err := json.Marshal(v.Name)
		if err != nil {
			return errors.WithStack(err)
		}
		b = append(append(append(b, ','), name...), ':')
		b = strconv.AppendFloat(b, v.Value, 'g', -1, 64)
	}
	j.line = append(b, "}\n"...)
	_, err := j.file.Write(j.line)
	return errors.Wrapf(err, "report: %s", j.path)
}

// Append writes a value as a line. Its JSON must be an object with a field step.
func (j *JSONL) Append(v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return errors.Wrapf(err, "report: %s", j.path)
	}
	_, err = j.file.Write(append(line, '\n'))
	return errors.Wrapf(err, "report: %s", j.path)
}

// Sync implements Recorder.
func (j *JSONL) Sync() error { return errors.Wrapf(j.file.Sync(), "report: %s", j.path) }

// Close implements Recorder.
func (j *JSONL) Close() error { return errors.Wrapf(j.file.Close(), "report: %s", j.path) }
