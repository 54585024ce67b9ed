package report

import (
	"math"
	"os"
	"strconv"

	"github.com/pkg/errors"
)

// Point is a loss or a score at a step.
type Point struct {
	Step  int
	Value float64
}

// Curves holds the losses of a log and its score, if it has one.
type Curves struct {
	Train, Valid, Score []Point
	Name                string // of the score; "" means none
}

// ReadLog reads the curves of a log, even while another process writes it.
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
		} else {
			c.Name = r.score()
		}
		return true
	})
	return c, errors.WithMessagef(err, "report: log %s", path)
}

// add appends the losses and the score of a row, if it has them.
func (c *Curves) add(r row) {
	for _, k := range []struct {
		column int
		to     *[]Point
	}{{1, &c.Train}, {6, &c.Valid}, {columns, &c.Score}} {
		if k.column == len(r.fields) {
			continue
		}
		if v, err := strconv.ParseFloat(r.fields[k.column], 64); err == nil { // only an empty field fails: scan has checked the others
			*k.to = append(*k.to, Point{r.step, v})
		}
	}
}

// finite returns the points whose value is finite. Others cannot be drawn.
func finite(points []Point) []Point {
	var out []Point
	for _, p := range points {
		if !math.IsNaN(p.Value) && !math.IsInf(p.Value, 0) {
			out = append(out, p)
		}
	}
	return out
}
