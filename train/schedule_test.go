package train_test

import (
	"encoding/json"
	"math"
	"testing"

	"github.com/gorgoformer/gorgoformer/train"
)

func TestSchedules(t *testing.T) {
	for _, c := range []struct {
		name string
		s    train.Schedule
		want map[int]float64
	}{
		{"constant", train.Constant(3), map[int]float64{0: 3, 1000: 3}},
		{"linear", train.Linear(1, 0.2, 4, 12), map[int]float64{0: 0.2, 3: 0.8, 4: 1, 8: 0.6, 12: 0.2, 99: 0.2}},
		{"linear without warm-up", train.Linear(1, 0, 0, 10), map[int]float64{0: 1, 5: 0.5, 10: 0}},
		{"cosine", train.Cosine(1e-3, 1e-4, 100, 2000), map[int]float64{0: 1e-3 / 101, 99: 1e-3 * 100 / 101, 100: 1e-3,
			575: 1e-4 + 9e-4*(1+math.Sqrt2/2)/2, 1050: 5.5e-4, 2000: 1e-4, 5000: 1e-4}},
		{"cosine all warm-up", train.Cosine(1, 0, 10, 10), map[int]float64{9: 10.0 / 11, 10: 0}},
		{"noam", train.Noam(512, 1, 4000), map[int]float64{0: math.Pow(512, -0.5) * math.Pow(4000, -1.5),
			3999: math.Pow(512, -0.5) * math.Pow(4000, -0.5), 15999: math.Pow(512, -0.5) * math.Pow(16000, -0.5)}},
		{"noam without warm-up", train.Noam(4, 2, 0), map[int]float64{0: 1, 3: 0.5}},
	} {
		for step, want := range c.want {
			if got := c.s(step); math.Abs(got-want) > 1e-15 { // a few roundings of numbers up to 1
				t.Errorf("%s at step %d: got %v, want %v", c.name, step, got, want)
			}
		}
	}
}

func TestEarlyStopping(t *testing.T) {
	e := train.EarlyStopping{Patience: 2, MinDelta: 0.1}
	for i, c := range []struct {
		loss           float64
		stop, improved bool
	}{
		{math.NaN(), false, false}, {5, false, true}, {4.95, false, false}, {4, false, true},
		{math.Inf(1), false, false}, {3.95, true, false}, {3, false, true},
	} {
		data, err := json.Marshal(e) // as a resumed run would
		if err != nil {
			t.Fatal(err)
		}
		e = train.EarlyStopping{}
		if err := json.Unmarshal(data, &e); err != nil {
			t.Fatal(err)
		}
		if stop := e.Stop(c.loss); stop != c.stop || e.Improved() != c.improved {
			t.Errorf("evaluation %d of loss %v: got stop %v, improved %v, want %v, %v", i, c.loss, stop, e.Improved(), c.stop, c.improved)
		}
	}
	score := train.EarlyStopping{Patience: 2, MinDelta: 0.1, Higher: true}
	for i, c := range []struct {
		score          float64
		stop, improved bool
	}{{-1, false, true}, {-0.5, false, true}, {-0.45, false, false}, {-0.3, false, true}, {-2, false, false}, {-0.25, true, false}} {
		if stop := score.Stop(c.score); stop != c.stop || score.Improved() != c.improved {
			t.Errorf("evaluation %d of score %v: got stop %v, improved %v, want %v, %v", i, c.score, stop, score.Improved(), c.stop, c.improved)
		}
	}
	endless := train.EarlyStopping{}
	for range 100 {
		if endless.Stop(1) {
			t.Fatal("got a stop without Patience, want none")
		}
	}
}
