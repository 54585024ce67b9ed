// Package dates makes up dates as people write them, for examples that learn to write their standard form.
package dates

import (
	"strings"
	"time"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// Pairs makes up n dates between 1970 and 2049 as people write them, and their standard form (ISO 8601).
func Pairs(n int) []data.TextPair {
	forms := []string{"January 2, 2006", "Monday, January 2, 2006", "2 Jan 2006", "Jan 2, 2006", "1/2/06", "2 January 2006", "01/02/2006"}
	first := time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)
	pairs := make([]data.TextPair, n)
	random := kernel.Seed{Key: 1970}
	draw := func(i, j, below int) int { return int(random.Uniform(uint64(3*i+j)) * float64(below)) }
	for i := range pairs {
		day := first.AddDate(0, 0, draw(i, 0, 80*365))
		form := forms[draw(i, 1, len(forms))]
		text := day.Format(form)
		switch draw(i, 2, 4) {
		case 0:
			text = strings.ToLower(text)
		case 1:
			text = strings.ToUpper(text)
		}
		pairs[i] = data.TextPair{Source: text, Target: day.Format(time.DateOnly)}
	}
	return pairs
}
