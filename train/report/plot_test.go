package report_test

import (
	"bytes"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
)

func TestPlot(t *testing.T) {
	for _, score := range []string{"", "NDCG@10"} {
		t.Run(score, func(t *testing.T) { testPlot(t, score) })
	}
}

func testPlot(t *testing.T, score string) {
	dir, high := t.TempDir(), 576
	if score != "" {
		high += high / 2
	}
	log, out := filepath.Join(dir, "log.csv"), filepath.Join(dir, "loss.png")
	l, err := report.OpenLog(log, 0, score)
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i <= 1000; i++ {
		noise := 0.3 * math.Sin(float64(i*i))
		if err := l.Step(step(i, 1+3*math.Exp(-float64(i)/200)+noise)); err != nil {
			t.Fatal(err)
		}
		if i%100 == 0 {
			l.Evaluation(i, train.Evaluation{Loss: 1.2 + 3*math.Exp(-float64(i)/200)}, 0.5-0.4*math.Exp(-float64(i)/300))
		}
	}
	l.Evaluation(1001, train.Evaluation{Loss: math.Inf(1)}, math.NaN()) // left out, because it cannot be drawn
	l.Close()
	if err := report.Plot(log, out); err != nil {
		t.Fatal(err)
	}
	picture, err := png.Decode(strings.NewReader(read(t, out)))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[3]uint32]bool{}
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			r, g, b, _ := picture.At(x, y).RGBA()
			seen[[3]uint32{r >> 8, g >> 8, b >> 8}] = true
		}
	}
	if picture.Bounds().Dx() != 960 || picture.Bounds().Dy() != high || !seen[[3]uint32{31, 119, 180}] || !seen[[3]uint32{230, 97, 1}] {
		t.Errorf("got a picture of %v, want 960 by %d with both curves", picture.Bounds(), high)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("got files %v, want the log and the picture", entries)
	}
	if path := os.Getenv("REPORT_PNG"); path != "" {
		os.WriteFile(path+score+".png", []byte(read(t, out)), 0o644)
	}
}

func TestPlotErrors(t *testing.T) {
	dir := t.TempDir()
	log := filepath.Join(dir, "log.csv")
	l := openLog(t, log, 0)
	wantError(t, report.Plot(log, filepath.Join(dir, "loss.png")), "no finite loss")
	l.Step(step(1, math.NaN()))
	l.Close()
	wantError(t, report.Plot(log, filepath.Join(dir, "loss.png")), "report: plot of", "no finite loss")
	wantError(t, report.Plot(filepath.Join(dir, "none"), "x.png"), "none")
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("got files %v, want the log alone", entries)
	}
	for _, c := range []report.Curves{{Train: []report.Point{{Step: 1, Value: 2}}}, {Valid: []report.Point{{Step: 1, Value: 2}}}} {
		if err := c.WritePNG(&bytes.Buffer{}); err != nil {
			t.Errorf("got error %v for a single point, want none", err)
		}
	}
}
