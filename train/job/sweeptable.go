package job

import (
	"cmp"
	"fmt"
	"io/fs"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// swept is a row of the table of a sweep.
type swept struct {
	values []string
	folder string
	best   checkpoints.Saved
	spent  time.Duration
}

// rank returns a number that is lower for a better run. A run without a result is last.
func (x swept) rank() float64 {
	switch s := x.best.Score; {
	case s != nil && s.Lower:
		return s.Value
	case s != nil:
		return -s.Value
	case math.IsNaN(x.best.Loss):
		return math.Inf(1)
	}
	return x.best.Loss
}

// table prints the best checkpoint of every run, best first, and saves the same as sweep.csv. A program that trains several models has a
// row for each.
func (s sweep) table(all [][]string) error {
	var rows []swept
	score := ""
	for _, values := range all {
		more, err := runsIn(s.dir(values))
		if err != nil {
			return err
		}
		for _, x := range more {
			x.values = values
			if rows = append(rows, x); x.best.Score != nil {
				score = x.best.Score.Name
			}
		}
	}
	if len(rows) == 0 {
		return nil
	}
	slices.SortStableFunc(rows, func(a, b swept) int { return cmp.Compare(a.rank(), b.rank()) })
	if err := s.saveTable(rows, score); err != nil {
		return err
	}
	t := tabwriter.NewWriter(s.w, 0, 0, 2, ' ', 0)
	for _, a := range s.axes {
		fmt.Fprintf(t, "%s\t", a.name)
	}
	fmt.Fprint(t, "step\tvalidation loss\t")
	if score != "" {
		fmt.Fprintf(t, "%s\t", score)
	}
	fmt.Fprintln(t, "training\tfolder")
	for _, x := range rows {
		x.print(t, score != "")
	}
	if err := t.Flush(); err != nil {
		return errors.WithStack(err)
	}
	_, err := fmt.Fprintf(s.w, "the table is in %s\n", s.tablePath())
	return errors.WithStack(err)
}

func (x swept) print(t *tabwriter.Writer, scored bool) {
	step, loss, score := "-", "-", "-"
	if x.best.Dir != "" {
		step, loss = fmt.Sprint(x.best.Step), lossText(x.best.Loss)
	}
	if x.best.Score != nil {
		score = fmt.Sprintf("%.4f", x.best.Score.Value)
	}
	fmt.Fprintf(t, "%s\t%s\t%s\t", strings.Join(x.values, "\t"), step, loss)
	if scored {
		fmt.Fprintf(t, "%s\t", score)
	}
	fmt.Fprintf(t, "%s\t%s\n", report.Duration(x.spent), x.folder)
}

// runsIn returns the runs in a folder and below it.
func runsIn(dir string) (rows []swept, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return errors.WithStack(err)
		}
		if d.IsDir() && d.Name() == "checkpoints" {
			return fs.SkipDir
		}
		if d.Name() != recordName {
			return nil
		}
		x := swept{folder: filepath.Dir(path)}
		if x.best, err = (checkpoints.Run{Dir: filepath.Join(x.folder, "checkpoints")}).Best(); err != nil {
			x.best = checkpoints.Saved{Loss: math.NaN()} // a run that failed early
		}
		_, err = report.ReadEntries(filepath.Join(x.folder, "log.csv"), 0, func(e report.Entry) { x.spent += e.Step.Elapsed })
		if rows = append(rows, x); errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return rows, err
}
