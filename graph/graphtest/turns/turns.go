// Package turns compares the speed of functions that run in turn, for benchmarks of ratios.
package turns

import (
	"slices"
	"testing"
	"time"
)

// Turns holds the times of functions that run in turn, by the clock and by the processors. The zero value has no rounds.
type Turns struct{ wall, processors [][]time.Duration } // of each function, of each round

// Run runs a round: each function once.
func (t *Turns) Run(functions ...func()) {
	if t.wall == nil {
		t.wall, t.processors = make([][]time.Duration, len(functions)), make([][]time.Duration, len(functions))
	}
	for i, f := range functions {
		start, used := time.Now(), processorTime()
		f()
		t.wall[i], t.processors[i] = append(t.wall[i], time.Since(start)), append(t.processors[i], processorTime()-used)
	}
}

// Report reports name, the median over the rounds of the time of function i divided by the time of function 0, and cpu-name, the same
// by the processors. If other programs run, only cpu-name has a meaning, and only with -cpu 1: waiting workers use their processors.
func (t *Turns) Report(b *testing.B, i int, name string) {
	b.ReportMetric(medianRatio(t.wall[i], t.wall[0]), name)
	b.ReportMetric(medianRatio(t.processors[i], t.processors[0]), "cpu-"+name)
}

// Shortest returns the shortest time of function i by the clock.
func (t *Turns) Shortest(i int) time.Duration { return slices.Min(t.wall[i]) }

func medianRatio(x, y []time.Duration) float64 {
	ratios := make([]float64, len(x))
	for i := range x {
		ratios[i] = float64(x[i]) / float64(max(y[i], 1))
	}
	slices.Sort(ratios)
	return ratios[len(ratios)/2]
}
