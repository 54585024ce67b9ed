package job

import (
	"encoding/csv"
	"fmt"
	"io"
	"path/filepath"
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// tablePath returns the file of the table of a sweep.
func (s sweep) tablePath() string { return filepath.Join(s.out, "sweep.csv") }

// saveTable writes the rows to sweep.csv: the swept flags, step, valid_loss, the score if there is one, seconds, and the folder below that
// of the sweep. A run without a checkpoint has empty fields.
func (s sweep) saveTable(rows []swept, score string) error {
	return checkpoints.WriteFile(s.tablePath(), func(w io.Writer) error {
		out := csv.NewWriter(w)
		var head []string
		for _, a := range s.axes {
			head = append(head, a.name)
		}
		head = append(head, "step", "valid_loss")
		if score != "" {
			head = append(head, score)
		}
		all := [][]string{append(head, "seconds", "folder")}
		for _, x := range rows {
			fields, err := x.fields(s.out, score != "")
			if err != nil {
				return err
			}
			all = append(all, fields)
		}
		return errors.WithStack(out.WriteAll(all))
	})
}

// fields returns the fields of a row. The folder is relative to that of the sweep.
func (x swept) fields(out string, scored bool) ([]string, error) {
	folder, err := filepath.Rel(out, x.folder)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	number := func(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }
	fields := append([]string(nil), x.values...)
	step, loss, score := "", "", ""
	if x.best.Dir != "" {
		step, loss = fmt.Sprint(x.best.Step), number(x.best.Loss)
	}
	if x.best.Score != nil {
		score = number(x.best.Score.Value)
	}
	if fields = append(fields, step, loss); scored {
		fields = append(fields, score)
	}
	return append(fields, number(x.spent.Seconds()), folder), nil
}
