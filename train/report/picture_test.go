package report

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"testing"
)

// TestEncode: frequent colours stay exact, rare ones move to a near one.
func TestEncode(t *testing.T) {
	full := image.NewRGBA(image.Rect(0, 0, 100, 50))
	blue, red := color.RGBA{R: 31, G: 119, B: 180, A: 255}, color.RGBA{R: 255, A: 255}
	for i := range 100 * 50 {
		c := blue
		switch {
		case i%3 == 0:
			c = red
		case i >= 4000:
			c = color.RGBA{R: 200 + uint8(i%20), G: 100 + uint8(i/20%20), B: 9, A: 255}
		}
		full.SetRGBA(i%100, i/100, c)
	}
	var file bytes.Buffer
	if err := encode(&file, full); err != nil {
		t.Fatal(err)
	}
	got, err := png.Decode(&file)
	if err != nil || got.Bounds() != full.Bounds() {
		t.Fatalf("got a picture of %v (%v), want %v", got, err, full.Bounds())
	}
	for i := range 100 * 50 {
		want := full.RGBAAt(i%100, i/100)
		r, g, b, _ := got.At(i%100, i/100).RGBA()
		for k, channel := range [][2]int{{int(r >> 8), int(want.R)}, {int(g >> 8), int(want.G)}, {int(b >> 8), int(want.B)}} {
			most := 0
			if i >= 4000 && i%3 > 0 {
				most = 20
			}
			if d := channel[0] - channel[1]; d > most || -d > most {
				t.Fatalf("pixel %d, channel %d: got %d, want %d", i, k, channel[0], channel[1])
			}
		}
	}
}

// BenchmarkCurves draws a run of 100,000 steps.
func BenchmarkCurves(b *testing.B) {
	var c Curves
	for step := range 100_000 {
		p := Point{step, 2 + math.Sin(float64(step*step))/float64(1+step/1000)}
		if c.Train = append(c.Train, p); step%1000 == 0 {
			c.Valid = append(c.Valid, p)
		}
	}
	for b.Loop() {
		if err := c.WritePNG(io.Discard); err != nil {
			b.Fatal(err)
		}
	}
}

// TestThin: a thinned line keeps its ends, its extremes and the order of its steps.
func TestThin(t *testing.T) {
	var points []Point
	for step := range 50_000 {
		points = append(points, Point{step, float64(step * 7919 % 10_007)})
	}
	got := thin(points)
	if len(got) > 4*thinColumns || got[0] != points[0] || got[len(got)-1] != points[len(points)-1] {
		t.Fatalf("got %d points from %v to %v", len(got), got[0], got[len(got)-1])
	}
	low, high := math.Inf(1), math.Inf(-1)
	for i, p := range got {
		if i > 0 && p.Step <= got[i-1].Step {
			t.Fatalf("step %d follows step %d", p.Step, got[i-1].Step)
		}
		low, high = min(low, p.Value), max(high, p.Value)
	}
	if low != 0 || high != 10_006 {
		t.Errorf("the values go from %g to %g, want 0 to 10006", low, high)
	}
	if short := points[:100]; len(thin(short)) != 100 {
		t.Error("a short line loses points")
	}
}
