package checkpoints

import (
	"cmp"
	"math"
	"slices"
)

// Score is a score of a model on held-out data, such as an accuracy. It chooses the best checkpoint of a run instead of the loss.
type Score struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`           // NaN and infinities mean not measured
	Lower bool    `json:"lower,omitempty"` // lower is better
}

// measured returns the score, or nil if it is NaN or infinite.
func (s *Score) measured() *Score {
	if s == nil || math.IsNaN(s.Value) || math.IsInf(s.Value, 0) {
		return nil
	}
	return s
}

// rank returns a number that is lower for a better score.
func (s *Score) rank() float64 {
	if s.Lower {
		return s.Value
	}
	return -s.Value
}

// bestFirst returns the checkpoints with a score or a loss, best first. The argument is sorted newest first. The newest score decides
// which scores count: those of its name come before all other checkpoints, which are compared by their losses.
func bestFirst(all []Saved) []Saved {
	var newest *Score
	if i := slices.IndexFunc(all, func(s Saved) bool { return s.Score != nil }); i >= 0 {
		newest = all[i].Score
	}
	counts := func(s Saved) bool {
		return s.Score != nil && s.Score.Name == newest.Name && s.Score.Lower == newest.Lower
	}
	all = slices.DeleteFunc(all, func(s Saved) bool { return math.IsNaN(s.Loss) && !counts(s) })
	slices.SortFunc(all, func(a, b Saved) int {
		switch x, y := counts(a), counts(b); {
		case x && y:
			return cmp.Or(cmp.Compare(a.Score.rank(), b.Score.rank()), cmp.Compare(a.Step, b.Step))
		case x:
			return -1
		case y:
			return 1
		}
		return cmp.Or(cmp.Compare(a.Loss, b.Loss), cmp.Compare(a.Step, b.Step))
	})
	return all
}
