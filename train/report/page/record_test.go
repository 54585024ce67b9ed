package page_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/internal/textline"
	"github.com/gorgoformer/gorgoformer/train/report"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// TestRecord: a Reader shows the records of a run that goes on, of one that was killed and of one that was resumed.
func TestRecord(t *testing.T) {
	dir, h := t.TempDir(), page.NewHistory()
	reader := page.NewReader(dir, h)
	read := func(rows, parts, samples int) {
		t.Helper()
		if err := reader.Read(); err != nil {
			t.Fatal(err)
		}
		l, measured := h.Log(), 0
		for _, r := range l.Rows {
			if len(r.Parts) == 1 && r.Parts[0].Path == fmt.Sprint("step ", r.Step) {
				measured++
			}
		}
		if len(l.Rows) != rows || measured != parts || len(l.Samples) != samples {
			t.Errorf("got %d rows, %d with their parts, and %d samples, want %d, %d, %d", len(l.Rows), measured, len(l.Samples), rows, parts, samples)
		}
	}
	begin := func(step int) (*report.Log, *page.Record) {
		t.Helper()
		log, err := report.OpenLog(filepath.Join(dir, "log.csv"), step, "")
		if err != nil {
			t.Fatal(err)
		}
		record, _, err := page.OpenRecord(dir, step)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close(); record.Close() })
		return log, record
	}
	log, record := begin(0)
	train := func(from, to int) {
		t.Helper()
		for step := from; step <= to; step++ {
			var parts []page.Part
			if step%2 == 0 {
				parts = []page.Part{{Path: fmt.Sprint("step ", step), Norm: math.MaxFloat64}}
			}
			if err := record.Parts(step, parts); err != nil {
				t.Fatal(err)
			}
			if err := log.Step(train.Report{Step: step, Loss: 1}); err != nil {
				t.Fatal(err)
			}
		}
		if err := record.Sample(to, "a\n<b>한</b>"); err != nil {
			t.Fatal(err)
		}
	}
	read(0, 0, 0)
	train(1, 10)
	read(10, 5, 1)
	read(10, 5, 1)
	cut := filepath.Join(dir, "watch.jsonl")
	whole, err := os.ReadFile(cut)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(cut, append(whole, `{"step":12,"pa`...), 0o666); err != nil {
		t.Fatal(err)
	}
	read(10, 5, 1) // a line that is being written is no damage
	log, record = begin(8)
	if text, err := os.ReadFile(cut); err != nil || strings.Contains(string(text), `"step":10`) || !strings.Contains(string(text), `"step":8`) {
		t.Errorf("after a resumption at step 8 the record is %q, error %v", text, err)
	}
	train(9, 14)
	h = page.NewHistory()
	reader = page.NewReader(dir, h)
	read(14, 7, 1)
	if got := h.Log().Samples[0]; got.Step != 14 || got.Text != "a\n<b>한</b>" {
		t.Errorf("the sample is %+v", got)
	}
}

// TestDamagedRecord: a damaged record is an error for a reader. It does not end a run, which keeps the file and continues with its valid
// lines.
func TestDamagedRecord(t *testing.T) {
	const good = `{"step":1,"sample":"a"}` + "\n"
	for _, bad := range []string{
		"x\n", "{}\n", "[1]\n", "null\n", "\x00\x00\n", `{"step":"a"}` + "\n", `{"step":null}` + "\n", `{"step":-1}` + "\n", `{"step":1e400}` + "\n",
		`{"step":1,"parts":3}` + "\n", `{"step":1,"parts":[{"path":"h","norm":NaN}]}` + "\n", `{"step":1,"sample":7}` + "\n",
		`{"step":1,"sample":"` + strings.Repeat("x", textline.Most) + "\"}\n",
	} {
		dir := t.TempDir()
		path := filepath.Join(dir, "watch.jsonl")
		write(t, path, good+bad+`{"step":2,"sample":"b"}`+"\n"+`{"step":9,"sample":"c"}`+"\n")
		write(t, filepath.Join(dir, "log.csv"), "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy\n")
		h := page.NewHistory()
		reader := page.NewReader(dir, h)
		if err := reader.Read(); err == nil || !strings.Contains(err.Error(), "watch.jsonl") || strings.Contains(err.Error(), "\n") {
			t.Errorf("%.80q: got error %v, want one line that names the file", bad, err)
		}
		r, aside, err := page.OpenRecord(dir, 5)
		if err != nil || aside != path+".damaged-1" {
			t.Errorf("%.80q: got error %v, damaged file %q, want %s.damaged-1", bad, err, aside, path)
			continue
		}
		if err := r.Sample(6, "d"); err != nil {
			t.Fatal(err)
		}
		r.Close()
		if err := reader.Read(); err != nil {
			t.Errorf("%.80q: after the resumption: %v", bad, err)
		}
		got := ""
		for _, s := range h.Log().Samples {
			got += s.Text
		}
		if got != "abd" {
			t.Errorf("%.80q: the reader has the samples %q, want abd", bad, got)
		}
	}
}

// TestRecordIsNoFile: a folder in place of the record, or a link to one, is an error for a reader, and does not end a run.
func TestRecordIsNoFile(t *testing.T) {
	for name, make := range map[string]func(path string) error{
		"folder": func(path string) error { return os.Mkdir(path, 0o777) },
		"link":   func(path string) error { return os.Symlink(t.TempDir(), path) },
	} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "log.csv"), "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy\n")
		if err := make(filepath.Join(dir, "watch.jsonl")); err != nil {
			t.Skipf("%s: %v", name, err)
		}
		if err := page.NewReader(dir, page.NewHistory()).Read(); err == nil || !strings.Contains(err.Error(), "regular file") {
			t.Errorf("%s: got error %v, want one for a regular file", name, err)
		}
		r, aside, err := page.OpenRecord(dir, 0)
		if err != nil || aside == "" {
			t.Errorf("%s: got error %v, damaged file %q, want another name", name, err, aside)
			continue
		}
		r.Close()
	}
}

// TestRecordGrewAfterResumption: a reader finds its place in a record that was cut and then grew past it.
func TestRecordGrewAfterResumption(t *testing.T) {
	dir := t.TempDir()
	path, h := filepath.Join(dir, "watch.jsonl"), page.NewHistory()
	write(t, filepath.Join(dir, "log.csv"), "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy\n")
	reader := page.NewReader(dir, h)
	for _, text := range []string{
		`{"step":1,"sample":"a"}` + "\n" + `{"step":3,"sample":"old"}` + "\n",
		`{"step":1,"sample":"a"}` + "\n" + `{"step":2,"sample":"a longer text than before"}` + "\n" + `{"step":4,"sample":"b"}` + "\n",
	} {
		write(t, path, text)
		if err := reader.Read(); err != nil {
			t.Fatal(err)
		}
	}
	if s := h.Log().Samples; len(s) != 3 || s[2].Text != "b" {
		t.Errorf("the samples are %+v, want a, old, b", s)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestPartsStay: a long run keeps the rows of the steps that were measured, and a bounded number of all.
func TestPartsStay(t *testing.T) {
	for measured, want := range map[int]int{100: 100, 1: 500} { // a part at every so many steps
		h := page.NewHistory()
		for step := 1; step <= 10000; step++ {
			var parts []page.Part
			if step%measured == 0 {
				parts = []page.Part{{Path: "h"}}
			}
			h.Step(train.Report{Step: step}, parts)
		}
		rows, n := h.Log().Rows, 0
		for _, r := range rows {
			if len(r.Parts) > 0 {
				n++
			}
		}
		if n < want || len(rows) > 2000 {
			t.Errorf("parts every %d steps: %d rows, %d with parts, want at most 2000 and at least %d", measured, len(rows), n, want)
		}
	}
}

// TestParts compares the measured norms with sums in the simplest way, for both types, also after a resumption and after a divergence.
func TestParts(t *testing.T) {
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		params := graph.NewParams(dt, 1)
		p, err := graph.Build(params, graph.Train, func(s *graph.Scope) {
			w := s.In("h").At(1).In("fc").Param("weight", graph.Normal(1), 3, 4)
			s.Minimize(s.Try(G.Mean(s.Try(G.Square(w)))))
		})
		if err != nil {
			t.Fatal(err)
		}
		parts := page.NewParts(p, 3, 400) // measures steps 4, 8, …
		for step := 4; step <= 12; step++ {
			if err := p.Run(nil); err != nil {
				t.Fatal(err)
			}
			w := p.Weights()[0]
			grad, err := w.Grad()
			if err != nil {
				t.Fatal(err)
			}
			var change, weight, gradient float64
			each(w.Value().Data(), func(i int, v float64) float64 {
				d := 0.01 * float64(i+1) * float64(step)
				if step == 12 {
					d = math.Inf(1)
				}
				change += d * d
				weight += (v + d) * (v + d)
				return v + d
			})
			each(grad.Data(), func(_ int, v float64) float64 { gradient += v * v; return v })
			got := parts.After(step)
			if step%4 != 0 {
				if got != nil {
					t.Errorf("step %d is measured", step)
				}
				continue
			}
			if len(got) != 1 || got[0].Path != "h.*.fc" {
				t.Fatalf("step %d: got %+v", step, got)
			}
			if step == 12 {
				if got[0].Update != math.MaxFloat64 {
					t.Errorf("after a divergence the update is %g, want the largest number", got[0].Update)
				}
			} else if update := math.Sqrt(change / weight); math.Abs(got[0].Update/update-1) > 1e-5 || math.Abs(got[0].Norm/math.Sqrt(gradient)-1) > 1e-6 {
				t.Errorf("step %d: got %+v, want norm %g and update %g", step, got[0], math.Sqrt(gradient), update)
			}
		}
	}
}

// each replaces every number of a tensor's data.
func each(data any, f func(i int, v float64) float64) {
	switch x := data.(type) {
	case []float32:
		for i, v := range x {
			x[i] = float32(f(i, float64(v)))
		}
	case []float64:
		for i, v := range x {
			x[i] = f(i, v)
		}
	}
}

// BenchmarkParts measures one step of a Program with a million weights.
func BenchmarkParts(b *testing.B) {
	p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Train, func(s *graph.Scope) {
		s.Minimize(s.Try(G.Mean(s.Try(G.Square(s.In("fc").Param("weight", graph.Normal(1), 1000, 1000))))))
	})
	if err != nil {
		b.Fatal(err)
	}
	parts := page.NewParts(p, 0, 1)
	for step := 1; b.Loop(); step++ {
		if parts.After(step) == nil {
			b.Fatal("a step is not measured")
		}
	}
}
