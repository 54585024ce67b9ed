package report

import (
	"fmt"

	"github.com/gorgoformer/gorgoformer/train"
)

// speed averages the tokens per second of recent steps. Older steps count less.
type speed struct{ count, seconds float64 }

// fade is the factor by which the weight of a step falls at every later step.
const fade = 0.95

func (s *speed) add(r train.Report) {
	s.count, s.seconds = fade*s.count+float64(r.Tokens), fade*s.seconds+r.Elapsed.Seconds()
}

func (s *speed) tokens() (perSecond float64, ok bool) { return s.count / s.seconds, s.seconds > 0 }

// thousands formats a number with three digits or, from 1000, as a whole number with commas.
func thousands(v float64) string {
	if v < 999.5 {
		return fmt.Sprintf("%.3g", v)
	}
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
