package train_test

import (
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/train"
)

// TestSchedulesAgreeWithPyTorch compares all rates with those of PyTorch's schedulers.
func TestSchedulesAgreeWithPyTorch(t *testing.T) {
	want := readReferences(t).Schedules
	p := train.Plateau{Factor: 0.4, Patience: 2, Cooldown: 3, Threshold: 0.01, Least: 0.01 / 0.5}
	for name, s := range map[string]train.Schedule{
		"Step":     train.Step(0.5, 0.3, 0, 7),
		"Restarts": train.Restarts(0.5, 0.05, 0, 8, 2),
		"OneCycle": train.OneCycle(0.5, 0.3, 60),
		"Plateau": func(i int) float64 {
			if i > 0 {
				p.Observe(2 + math.Cos(float64(i-1)/3)/(1+float64(i-1)/10))
			}
			if p.Scale == 0 {
				return 0.5
			}
			return 0.5 * p.Scale
		},
	} {
		got := make([]float64, len(want[name]))
		for i := range got {
			got[i] = s(i)
		}
		near(t, name, got, want[name], 1e-14) // a few roundings
	}
	if p.Count != 59 || p.Scale > 0.5 {
		t.Errorf("got a plateau %+v, want one that has lowered the rate", p)
	}
}

// TestScheduleShapes checks the schedules that PyTorch lacks at their corners.
func TestScheduleShapes(t *testing.T) {
	wsd := train.WSD(1, 0.1, 4, 20, 104)
	near(t, "WSD", []float64{wsd(0), wsd(3), wsd(4), wsd(84), wsd(89), wsd(104), wsd(900)}, []float64{0.2, 0.8, 1, 1, 0.55, 0.1, 0.1}, 1e-12)
	root := train.InverseSqrt(1, 4)
	near(t, "InverseSqrt", []float64{root(0), root(3), root(4), root(16), root(400)}, []float64{0.2, 0.8, 1, 0.5, 0.1}, 1e-12)
	step, restarts := train.Step(1, 0.5, 4, 10), train.Restarts(1, 0, 4, 10, 1)
	near(t, "Step", []float64{step(0), step(4), step(13), step(14), step(24)}, []float64{0.2, 1, 1, 0.5, 0.25}, 1e-12)
	near(t, "Restarts", []float64{restarts(0), restarts(4), restarts(9), restarts(14), restarts(19)}, []float64{0.2, 1, 0.5, 1, 0.5}, 1e-12)
}
