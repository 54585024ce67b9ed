package main

import (
	"cmp"
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/pkg/errors"
)

// result holds the figures of a trained model.
type result struct {
	contender
	points  []point
	loss    float64 // least validation loss, that of the saved model
	speed   float64 // pairs or characters per second, in the median step
	exact   float64 // fraction of dates that are right
	spans   []span  // losses by position in a text
	seconds float64 // time of all steps
}

// point is an evaluation.
type point struct {
	step, units   int // units are pairs or characters
	seconds, loss float64
}

// read reads the log of a run, in which a step reads so many units.
func (r *result) read(dir string, units int) error {
	path := filepath.Join(dir, "log.csv")
	f, err := os.Open(path)
	if err != nil {
		return errors.WithStack(err)
	}
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	if err != nil || len(lines) == 0 {
		return errors.Errorf("%s is damaged or empty: %v", path, err)
	}
	column := map[string]int{}
	for i, name := range lines[0] {
		column[name] = i
	}
	var each []float64
	for _, line := range lines[1:] {
		number := func(name string) (v float64, ok bool) {
			v, err := strconv.ParseFloat(line[column[name]], 64)
			return v, err == nil
		}
		step, _ := number("step")
		if s, ok := number("seconds"); ok {
			r.seconds += s
			each = append(each, s)
		} else if loss, ok := number("valid_loss"); ok {
			r.points = append(r.points, point{int(step), int(step) * units, r.seconds, loss})
		}
	}
	if len(each) == 0 || len(r.points) == 0 {
		return errors.Errorf("%s has %d steps and %d evaluations, want some of both", path, len(each), len(r.points))
	}
	r.loss = slices.MinFunc(r.points, func(a, b point) int { return cmp.Compare(a.loss, b.loss) }).loss
	slices.Sort(each)
	r.speed = float64(units) / each[len(each)/2]
	return nil
}
