package job

import (
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/report"
)

// Metrics is a flag of the kinds of files that receive the figures of a run, separated by commas. Every run has log.csv.
type Metrics string

// metricKinds are the kinds of files of Metrics.
var metricKinds = []string{"csv", "jsonl", "tensorboard"}

// String implements flag.Value.
func (m *Metrics) String() string { return string(*m) }

// Set implements flag.Value.
func (m *Metrics) Set(text string) error {
	for kind := range strings.SplitSeq(text, ",") {
		if !slices.Contains(metricKinds, kind) {
			return errors.Errorf("no kind of metrics %q%s: want %s, separated by commas", kind, Suggest(kind, metricKinds, ""), listed(metricKinds))
		}
	}
	*m = Metrics(text)
	return nil
}

// has reports whether the metrics include a kind.
func (m Metrics) has(kind string) bool { return slices.Contains(strings.Split(string(m), ","), kind) }

// openRecorders opens the files of -metrics to continue after the current step. A damaged file of a resumed run is an error that says to
// move it away.
func (r *Run) openRecorders() error {
	step := r.setup.Trainer.Step
	if r.Metrics.has("jsonl") {
		j, err := report.OpenJSONL(filepath.Join(r.Out, "log.jsonl"), step)
		if err != nil {
			return err
		}
		r.recorders = append(r.recorders, j)
	}
	if r.Metrics.has("tensorboard") {
		e, err := report.OpenEvents(r.Out, step)
		if err != nil {
			return err
		}
		r.recorders = append(r.recorders, e)
	}
	return nil
}

// measured writes values after the current step to all files but log.csv.
func (r *Run) measured(values ...report.Value) {
	for _, x := range r.recorders {
		r.fail(x.Record(r.setup.Trainer.Step, values))
	}
}

// closeRecorders closes the files and returns the first error.
func (r *Run) closeRecorders() (err error) {
	for _, x := range r.recorders {
		if e := x.Close(); err == nil {
			err = e
		}
	}
	r.recorders = nil
	return err
}
