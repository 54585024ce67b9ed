package page

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

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

// OpenRecord opens the record in the folder of a run to continue after a step, as report.OpenJSONL does. A damaged file is renamed to
// watch.jsonl.damaged, because a run must not fail for it.
func OpenRecord(dir string, step int) (*Record, error) {
	path := filepath.Join(dir, recordName)
	f, err := report.OpenJSONL(path, step)
	if err != nil {
		if os.Rename(path, path+".damaged") != nil {
			return nil, err
		}
		if f, err = report.OpenJSONL(path, step); err != nil {
			return nil, err
		}
	}
	return &Record{f}, nil
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
	samples, err := r.record()
	if err != nil {
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
	for _, s := range samples {
		r.history.Sample(s.Step, *s.Sample)
	}
	return nil
}

// record reads the new lines of the record, and returns the new samples. A run without a record has none. A run that was resumed has a
// shorter record, which is read from its beginning.
func (r *Reader) record() (samples []line, err error) {
	f, err := os.Open(filepath.Join(r.dir, recordName))
	if os.IsNotExist(err) {
		return nil, nil
	} else if err != nil {
		return nil, errors.WithStack(err)
	}
	defer f.Close()
	if at, err := f.Stat(); err != nil {
		return nil, errors.WithStack(err)
	} else if at.Size() < r.offset {
		r.offset = 0
	}
	if _, err := f.Seek(r.offset, io.SeekStart); err != nil {
		return nil, errors.WithStack(err)
	}
	for b := bufio.NewReader(f); ; {
		text, err := b.ReadBytes('\n')
		if err == io.EOF { // an incomplete last line is read later
			return samples, nil
		} else if err != nil {
			return nil, errors.WithStack(err)
		}
		var l line
		if json.Unmarshal(text, &l) != nil {
			return nil, errors.Errorf("the line at byte %d is %.80q, want a JSON object with a step: move the file away", r.offset, text)
		}
		r.offset += int64(len(text))
		switch {
		case l.Parts != nil:
			r.parts[l.Step] = l.Parts
		case l.Sample != nil && l.Step > r.sampled:
			r.sampled, samples = l.Step, append(samples, l)
		}
	}
}
