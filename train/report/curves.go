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

// Curves holds the losses of a log.
type Curves struct {
	Train, Valid []Point
}

// ReadLog reads the losses of a log, even while another process writes it.
func ReadLog(path string) (Curves, error) {
	f, err := os.Open(path)
	if err != nil {
		return Curves{}, errors.Wrap(err, "report: log")
	}
	defer f.Close()
	var c Curves
	err = scan(f, func(r row) bool {
		if r.line > 1 {
			c.add(r)
		}
		return true
	})
	return c, errors.WithMessagef(err, "report: log %s", path)
}

// add appends the loss and the validation loss of a row, if it has them.
func (c *Curves) add(r row) {
	for _, k := range []struct {
		text string
		to   *[]Point
	}{{r.fields[1], &c.Train}, {r.fields[6], &c.Valid}} {
		if v, err := strconv.ParseFloat(k.text, 64); err == nil { // only an empty field fails: scan has checked the others
			*k.to = append(*k.to, Point{r.step, v})
		}
	}
}

// finite returns the points whose loss is finite. Others cannot be drawn.
func finite(points []Point) []Point {
	var out []Point
	for _, p := range points {
		if !math.IsNaN(p.Loss) && !math.IsInf(p.Loss, 0) {
			out = append(out, p)
		}
	}
	return out
}
