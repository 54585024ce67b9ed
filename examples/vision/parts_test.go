package main

import (
	"bytes"
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/pictures"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// TestDigits: the program draws the same digits each time, of all classes, and each differs.
func TestDigits(t *testing.T) {
	a, b := pictures.Digits(300, 1), pictures.Digits(200, 1)
	if !bytes.Equal(a.Pixels[:len(b.Pixels)], b.Pixels) || pictures.Digits(200, 2).Key() == b.Key() {
		t.Error("the digits do not depend on the seed alone")
	}
	if err := a.Check(10); err != nil || a.Len() != 300 {
		t.Errorf("got %d digits and error %v", a.Len(), err)
	}
	counts, seen := [10]int{}, map[string]bool{}
	for i, class := range a.Classes {
		counts[class]++
		seen[string(a.Picture(i))] = true
	}
	for digit, n := range counts {
		if n < 15 {
			t.Errorf("digit %d was drawn %d times of 300", digit, n)
		}
	}
	if len(seen) != 300 {
		t.Errorf("got %d different pictures of 300", len(seen))
	}
}

// TestRollout follows the flow through two layers of two tokens. Half of each layer is its residual connection.
func TestRollout(t *testing.T) {
	first := rollout([]float64{0.5, 0.5, 0, 1}, []float64{1, 0, 0, 1})
	if want := []float64{0.75, 0.25, 0, 1}; !slices.Equal(first, want) {
		t.Errorf("got %v, want %v", first, want)
	}
	second := rollout([]float64{0, 1, 0.5, 0.5}, first)
	if want := []float64{0.375, 0.625, 0.1875, 0.8125}; !slices.Equal(second, want) {
		t.Errorf("got %v, want %v", second, want)
	}
}

// TestProcessor: a scale without rescaling or normalizing gives the values of Hugging Face's ViTImageProcessor.
func TestProcessor(t *testing.T) {
	for content, want := range map[string]float32{
		`{}`: (100.0/255 - 0.5) / 0.5,
		`{"image_mean": [0.2], "image_std": [0.1]}`:                           (100.0/255 - 0.2) / 0.1,
		`{"do_normalize": false}`:                                             100.0 / 255,
		`{"do_rescale": false, "image_mean": [90], "image_std": [4]}`:         (100.0 - 90) / 4,
		`{"rescale_factor": 0.01, "image_mean": [0.5], "image_std": [0.125]}`: (1 - 0.5) / 0.125,
	} {
		t.Chdir(t.TempDir())
		writeFile(t, pictures.ProcessorName, []byte(content))
		p, err := pictures.ReadProcessor(".", 1)
		if err != nil {
			t.Fatal(err)
		}
		one := data.Pictures{Channels: 1, Height: 1, Width: 1, Pixels: []byte{100}}
		feed, err := one.Sequential(1, p.Scale()).Batch(0)
		if err != nil {
			t.Fatal(err)
		}
		if got := feed["pixels"].Float32s()[0]; math.Abs(float64(got-want)) > 1e-5 {
			t.Errorf("%s: got %g, want %g", content, got, want)
		}
	}
}
