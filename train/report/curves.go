package report

import (
	"math"
	"os"
	"strconv"

	"github.com/pkg/errors"
)

// Point is the loss at a step.
type Point struct {
	Step int
	Loss float64
}

// Curves are the losses of a log.
type Curves struct {
	Train, Valid []Point
}

// ReadLog reads the losses of a log, also of one that is being written.
func ReadLog(path string) (Curves, error) {
	f, err := os.Open(path)
	if err != nil {
		return Curves{}, errors.Wrap(err, "report: log")
	}
	defer f.Close()
	var c Curves
	var bad error
	err = scan(f, func(r row) bool {
		if r.line > 1 {
			bad = c.add(r)
		}
		return bad == nil
	})
	if err == nil {
		err = bad
	}
	return c, errors.WithMessagef(err, "report: log %s", path)
}

// add takes in a row: its loss, its validation loss or both.
func (c *Curves) add(r row) error {
	for _, k := range []struct {
		text string
		to   *[]Point
	}{{r.fields[1], &c.Train}, {r.fields[6], &c.Valid}} {
		if k.text == "" {
			continue
		}
		v, err := strconv.ParseFloat(k.text, 64)
		if err != nil {
			return errors.Errorf("line %d: loss %q is no number", r.line, k.text)
		}
		*k.to = append(*k.to, Point{r.step, v})
	}
	return nil
}

// smooth is the mean of each point with those around it, over about a fiftieth of all: what lies behind the noise of batches.
func smooth(points []Point) []Point {
	half := len(points) / 100
	out := make([]Point, len(points))
	for i := range points {
		k := min(half, i, len(points)-1-i) // as many on both sides, or the ends would lag
		sum := 0.0
		for _, p := range points[i-k : i+k+1] {
			sum += p.Loss
		}
		out[i] = Point{points[i].Step, sum / float64(2*k+1)}
	}
	return out
}

// finite leaves out what cannot be drawn.
func finite(points []Point) []Point {
	var out []Point
	for _, p := range points {
		if !math.IsNaN(p.Loss) && !math.IsInf(p.Loss, 0) {
			out = append(out, p)
		}
	}
	return out
}
