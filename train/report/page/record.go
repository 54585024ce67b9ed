package page

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/internal/textline"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// recordName is the file of a Record in the folder of a run.
const recordName = "watch.jsonl"

// Record is the file watch.jsonl of a run: the parts of the steps that are measured, and the samples. With log.csv it holds all that a
// page shows of a training, so that a Reader shows it later or in another process.
type Record struct{ file *report.JSONL }

// line is a line of a Record. It holds parts or a sample.
type line struct {
	Step   int     `json:"step"`
	Parts  []Part  `json:"parts,omitempty"`
	Sample *string `json:"sample,omitempty"`
}

// OpenRecord opens the record in the folder of a run to continue after a step, as report.OpenJSONL does. A run must not fail for a damaged
// record: OpenRecord renames it, returns its new name as aside, and continues with its valid lines. Otherwise aside is "".
func OpenRecord(dir string, step int) (r *Record, aside string, err error) {
	path := filepath.Join(dir, recordName)
	good, ok := validLines(path)
	if !ok {
		if aside, err = report.MoveAside(path); err == nil {
			err = errors.WithStack(os.WriteFile(path, good, 0o644))
		}
		if err != nil {
			return nil, "", errors.WithMessage(err, "page: "+path)
		}
	}
	f, err := report.OpenJSONL(path, step)
	if err != nil {
		return nil, "", err
	}
	return &Record{f}, aside, nil
}

// validLines returns the valid lines of a record, and reports whether all its complete lines are valid.
func validLines(path string) (good []byte, ok bool) {
	f, err := openRegular(path)
	if err != nil {
		return nil, os.IsNotExist(errors.Cause(err))
	}
	defer f.Close()
	ok = true
	for b := bufio.NewReader(f); ; {
		text, length, err := textline.Next(b)
		if err != nil {
			return good, ok && err == io.EOF
		}
		if _, valid := parseLine(text, length); !valid {
			ok = false
			continue
		}
		good = append(good, text...)
	}
}

// openRegular opens a file for reading. A folder or a pipe, which would block, is an error.
func openRegular(path string) (*os.File, error) {
	at, err := os.Stat(path)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	if !at.Mode().IsRegular() {
		return nil, errors.Errorf("it has the mode %v, want a regular file: move it away", at.Mode())
	}
	f, err := os.Open(path)
	return f, errors.WithStack(err)
}

// parseLine returns the content of a line of the given length, and reports whether it is a JSON object with a step.
func parseLine(text []byte, length int64) (l line, ok bool) {
	l.Step = -1
	ok = textline.Check(length) == nil && json.Unmarshal(text, &l) == nil && l.Step >= 0
	return l, ok
}

// Parts writes the parts after a step. If there are none, it writes nothing.
func (r *Record) Parts(step int, parts []Part) error {
	if len(parts) == 0 {
		return nil
	}
	return r.file.Append(line{Step: step, Parts: parts})
}

// Sample writes a text that the model wrote after a step.
func (r *Record) Sample(step int, text string) error {
	return r.file.Append(line{Step: step, Sample: &text})
}

// Sync flushes the file to the disk.
func (r *Record) Sync() error { return r.file.Sync() }

// Close closes the file.
func (r *Record) Close() error { return r.file.Close() }

// Reader reads log.csv and watch.jsonl of a run into a History, also while the run goes on.
type Reader struct {
	dir     string
	history *History
	next    int            // index of the log's next row
	offset  int64          // of the record's next line
	parts   map[int][]Part // of steps that the log has not reached
	samples []line         // that the history does not have yet
	sampled int            // step of the last sample
}

// NewReader returns a Reader of the run in a folder.
func NewReader(dir string, history *History) *Reader {
	return &Reader{dir: dir, history: history, parts: map[int][]Part{}, sampled: -1}
}

// Read adds all that the run has logged since the last Read. A run writes the parts of a step before its row in the log, so no row comes
// without its parts.
func (r *Reader) Read() error {
	var rows []report.Entry
	next, err := report.ReadEntries(filepath.Join(r.dir, "log.csv"), r.next, func(e report.Entry) { rows = append(rows, e) })
	if err != nil {
		return err
	}
	if err := r.record(); err != nil {
		return errors.WithMessagef(err, "page: %s", filepath.Join(r.dir, recordName))
	}
	r.next = next
	for _, e := range rows {
		step := e.Step.Step
		if e.Evaluation != nil {
			r.history.Evaluation(step, *e.Evaluation)
			continue
		}
		r.history.Step(e.Step, r.parts[step])
		delete(r.parts, step)
	}
	for _, s := range r.samples {
		r.history.Sample(s.Step, *s.Sample)
	}
	r.samples = nil
	return nil
}

// record reads the new lines of the record. A run without a record has none. A run that was resumed has a shorter record, which is read
// from its beginning. If it has grown since, a new line may begin elsewhere, so a damaged line is read again in its place.
func (r *Reader) record() error {
	f, err := openRegular(filepath.Join(r.dir, recordName))
	if os.IsNotExist(errors.Cause(err)) {
		return nil
	} else if err != nil {
		return err
	}
	defer f.Close()
	if at, err := f.Stat(); err != nil {
		return errors.WithStack(err)
	} else if at.Size() < r.offset {
		r.offset = 0
	}
	began := r.offset
	if err = r.lines(f); err != nil && began > 0 {
		r.offset = 0
		err = r.lines(f)
	}
	return err
}

// lines reads the lines of the record from the offset on.
func (r *Reader) lines(f *os.File) error {
	if _, err := f.Seek(r.offset, io.SeekStart); err != nil {
		return errors.WithStack(err)
	}
	for b := bufio.NewReader(f); ; {
		text, length, err := textline.Next(b)
		if err == io.EOF { // an incomplete last line is read later
			return nil
		} else if err != nil {
			return errors.WithStack(err)
		}
		l, ok := parseLine(text, length)
		if !ok {
			return errors.Errorf("the line at byte %d is %.80q, want a JSON object with a step: move the file away", r.offset, text)
		}
		r.offset += length
		switch {
		case l.Parts != nil:
			r.parts[l.Step] = l.Parts
		case l.Sample != nil && l.Step > r.sampled:
			r.sampled, r.samples = l.Step, append(r.samples, l)
		}
	}
}
