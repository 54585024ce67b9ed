package report

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// wholeTicks places about eight labels at whole numbers. Their distance is 1, 2 or 5 times a power of ten.
type wholeTicks struct{}

// Ticks implements plot.Ticker.
func (wholeTicks) Ticks(low, high float64) (ticks []plot.Tick) {
	const most = 8
	apart := math.Max(1, math.Pow(10, math.Floor(math.Log10(math.Max(high-low, 1)/most))))
	for _, k := range []float64{1, 2, 5, 10} {
		if (high-low)/(apart*k) <= most {
			apart *= k
			break
		}
	}
	for at := math.Ceil(low/apart) * apart; at <= high; at += apart {
		ticks = append(ticks, plot.Tick{Value: at, Label: strconv.FormatFloat(at, 'f', 0, 64)})
	}
	return ticks
}
