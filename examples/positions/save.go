package main

import (
	"encoding/csv"
	"io"
	"path/filepath"
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// save writes both tables and the plot to a folder.
func (r result) save(dir string) error {
	for _, f := range []struct {
		name  string
		write func(io.Writer) error
	}{{"losses.csv", r.writeLosses}, {"by-position.csv", r.writeByPosition}, {"losses.png", r.draw}} {
		if err := checkpoints.WriteFile(filepath.Join(dir, f.name), f.write); err != nil {
			return err
		}
	}
	return nil
}

// writeLosses writes a line for each scheme and length. A refused length has no loss.
func (r result) writeLosses(w io.Writer) error {
	lines := [][]string{{"scheme", "length", "loss", "growth", "training_seconds", "training_tokens"}}
	for _, row := range r.rows {
		for _, n := range r.lengths {
			mean, growth := "", ""
			if l, ok := row.at(n); ok {
				share, _ := r.growth(row, n)
				mean, growth = decimal(l), decimal(share)
			}
			lines = append(lines, []string{row.name, strconv.Itoa(n), mean, growth, decimal(row.seconds), strconv.Itoa(row.tokens)})
		}
	}
	return writeCSV(w, lines)
}

// writeByPosition writes a line for each scheme and stretch of the longest window: its positions, counted from 0, and its mean loss.
func (r result) writeByPosition(w io.Writer) error {
	lines := [][]string{{"scheme", "first", "last", "loss"}}
	last := r.lengths[len(r.lengths)-1] - 1
	for _, row := range r.rows {
		for i, l := range row.byPosition {
			first := i * row.width
			lines = append(lines, []string{row.name, strconv.Itoa(first), strconv.Itoa(min(first+row.width-1, last)), decimal(l)})
		}
	}
	return writeCSV(w, lines)
}

func decimal(x float64) string { return strconv.FormatFloat(x, 'g', 6, 64) }

func writeCSV(w io.Writer, lines [][]string) error {
	return errors.WithStack(csv.NewWriter(w).WriteAll(lines))
}
