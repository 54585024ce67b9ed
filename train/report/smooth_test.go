package report

import (
	"math"
	"testing"
	"time"
)

// TestSmooth smooths straight lines, which must not change, and a falling curve with noise, where the ends must be as near to the curve
// as the middle.
func TestSmooth(t *testing.T) {
	for n := range 300 {
		points := make([]Point, n)
		for i := range points {
			points[i] = Point{10 * i, 5 - 0.01*float64(i)}
		}
		got := smooth(points)
		if n > 0 && len(got) == 0 || n > 5 && len(got) < n-2*max(n/50, 2) {
			t.Errorf("%d points: got %d", n, len(got))
		}
		for _, p := range got {
			if math.Abs(p.Value-points[p.Step/10].Value) > 1e-9 { // running sums of 300 numbers
				t.Fatalf("%d points: got %v, want %v", n, p, points[p.Step/10])
			}
		}
	}
	const n = 2000
	for trial := range 20 {
		points := make([]Point, n)
		curve := func(i int) float64 { return 2 + 3*math.Exp(-float64(i)/500) }
		for i := range points {
			points[i] = Point{i, curve(i) + 0.3*math.Sin(float64(i*i*(trial+3)))}
		}
		points[n-1].Value -= 1 // the last batch is easy by chance
		for _, p := range smooth(points) {
			if d := math.Abs(p.Value - curve(p.Step)); d > 0.12 { // the noise of 81 points
				t.Errorf("trial %d: got %v, off the curve by %v", trial, p, d)
			}
		}
	}
}

// TestWholeTicks places ticks on axes of all lengths. They are few and at whole numbers, and each label is its value.
func TestWholeTicks(t *testing.T) {
	for _, low := range []float64{0, 1, 7, 999, 123456} {
		for length := 0.0; length < 1e7; length = math.Ceil(length*1.3 + 1) {
			ticks := wholeTicks{}.Ticks(low, low+length)
			if len(ticks) > 9 || length >= 3 && len(ticks) < 3 || len(ticks) == 0 {
				t.Fatalf("from %v to %v: got %d ticks", low, low+length, len(ticks))
			}
			for _, k := range ticks {
				if k.Value != math.Trunc(k.Value) || k.Value < low || k.Value > low+length || k.Label == "" {
					t.Fatalf("from %v to %v: got tick %+v", low, low+length, k)
				}
			}
		}
	}
}

func TestDuration(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0s", 45 * time.Millisecond: "45ms", 999_999 * time.Microsecond: "1s", 80 * time.Second: "1m20s", 59*time.Minute + 59900*time.Millisecond: "1h0m0s",
		2*time.Hour + 43*time.Minute + 12*time.Second: "2h43m", 50 * time.Hour: "2d2h", 1500 * time.Hour: "62d12h", 1<<63 - 1: "106751d23h",
	} {
		if got := Duration(d); got != want {
			t.Errorf("%d: got %s, want %s", d, got, want)
		}
	}
}
