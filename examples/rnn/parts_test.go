package main

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// TestEqualSizes: the models have as many parameters as stated, within 2 % of the Transformer's.
func TestEqualSizes(t *testing.T) {
	for _, dim := range []int{64, 96, 128} {
		for _, layers := range []int{1, 2} {
			o := defaultsOf("text")
			o.dim, o.recLayer = dim, layers
			all, err := o.contenders(65, 32)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range all {
				params := graph.NewParams(tensor.Float32, 1)
				if _, err := graph.Build(params, graph.Eval, c.model.Logits(1, 2)); err != nil {
					t.Fatal(err)
				}
				want := all[2].parameters
				if params.Size() != c.parameters || math.Abs(float64(c.parameters-want)) > 0.02*float64(want) {
					t.Errorf("%v of width %d has %d parameters, stated are %d: want %d within 2 %%", c, c.width, params.Size(), c.parameters, want)
				}
			}
		}
	}
}

// TestFit: no other width is nearer.
func TestFit(t *testing.T) {
	for _, m := range []models.RNN{{Vocab: 3, Context: 4, Layers: 1}, {LSTM: true, Vocab: 5, Context: 4, Layers: 2}} {
		sizes := []int{0}
		for m.Dim = 1; m.Dim < 9; m.Dim++ {
			n, err := parameters(m)
			if err != nil {
				t.Fatal(err)
			}
			sizes = append(sizes, n)
		}
		distance := func(width, want int) int { return max(sizes[width]-want, want-sizes[width]) }
		for want := 1; want < sizes[7]; want++ {
			got := fit(m, want)
			for width := 1; width < 9; width++ {
				if distance(width, want) < distance(got, want) {
					t.Errorf("want %d parameters: got width %d with %d, but %d has %d", want, got, sizes[got], width, sizes[width])
				}
			}
		}
	}
}

// TestRowBatches: the ids shift by one, only targets count, and a pass has every row once.
func TestRowBatches(t *testing.T) {
	all := rows{{[]int32{1, 2, 3, 4}, 2}, {[]int32{5, 6}, 1}, {[]int32{7, 8, 9}, 2}}
	s := &rowBatches{rows: all, b: 2, t: 3, passes: true}
	no := int32(ops.IgnoreTarget)
	for i, want := range [][2][]int32{
		{{1, 2, 3, 5, 6, 0}, {no, 3, 4, 6, no, no}},
		{{7, 8, 9, 0, 0, 0}, {no, 9, no, no, no, no}},
	} {
		feed, err := s.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		if x, y := feed["tokens"].Int32s(), feed["targets"].Int32s(); !slices.Equal(x, want[0]) || !slices.Equal(y, want[1]) {
			t.Errorf("batch %d: got %v → %v, want %v", i, x, y, want)
		}
	}
	if _, err := s.Batch(2); err == nil || s.Len() != 2 {
		t.Errorf("got %d batches, want 2, and an error for the next", s.Len())
	}
	draws, drawn := &rowBatches{rows: all, b: 2, t: 3, seed: 1}, map[int32]int{}
	for i := range 100 {
		feed, err := draws.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		drawn[feed["tokens"].Int32s()[0]]++
	}
	if len(drawn) != 3 || drawn[1] < 20 || drawn[5] < 20 || drawn[7] < 20 {
		t.Errorf("got the first rows %v in 100 batches, want each in about a third", drawn)
	}
	if got := all.spread(3); len(got) != 2 || len(all.spread(0)) != 3 {
		t.Errorf("got %d rows with about 3 targets of 4, want 2", len(got))
	}
}

// TestSpans: the losses by position add up to that of train.Evaluate.
func TestSpans(t *testing.T) {
	ids := make([]int32, 95)
	for i := range ids {
		ids[i] = int32(i*i%11 + i%2)
	}
	held, err := data.NewCorpus(ids)
	if err != nil {
		t.Fatal(err)
	}
	const b, window = 2, 20
	m := models.RNN{LSTM: true, Vocab: 13, Context: window, Layers: 1, Dim: 6, InitStd: 1}
	params := graph.NewParams(tensor.Float32, 1)
	p, err := graph.Build(params, graph.Eval, m.Loss(b, window))
	if err != nil {
		t.Fatal(err)
	}
	windows := held.Sequential(b, window)
	want, err := train.Evaluate(context.Background(), p, windows, windows.Len())
	if err != nil {
		t.Fatal(err)
	}
	got, err := spans{held: held, batch: b, window: window}.score(contender{model: m}, params)
	if err != nil || len(got) != 4 {
		t.Fatalf("got %v (%v), want 1–8, 9–16, 17–20 and 21–40", got, err)
	}
	sum, n := 0.0, 0
	for _, s := range got[:3] {
		sum, n = sum+s.loss*float64(s.targets), n+s.targets
	}
	if n != 94 || n != want.Tokens || math.Abs(sum/float64(n)-want.Loss) > 1e-6 {
		t.Errorf("got a mean of %g over %d targets, want %g over %d", sum/float64(n), n, want.Loss, want.Tokens)
	}
	if got[3].from != 21 || got[3].to != 40 || got[3].targets != 40 { // of windows of 40, 40 and 14
		t.Errorf("got %+v beyond the window, want 40 targets", got[3])
	}
}

// TestExact: rows whose targets are the model's own answers are right, and others are not.
func TestExact(t *testing.T) {
	const end = 0
	m := models.GPT{Vocab: 5, Context: 12, Layers: 1, Heads: 1, Dim: 8, InitStd: 1}
	params := graph.NewParams(tensor.Float32, 3)
	d, err := generate.NewDecoder(params, m, 1)
	if err != nil {
		t.Fatal(err)
	}
	var all rows
	for a := range int32(4) {
		for b := range int32(4) {
			prompt := []int32{a + 1, b + 1}
			out, err := generate.Batch(d, [][]int32{prompt}, generate.Options{Tokens: 4, Stop: []int32{end}})
			if err != nil {
				t.Fatal(err)
			}
			if target := out[0]; len(target) < 4 { // it has ended
				all = append(all, row{append(append(prompt, target...), end), 2})
			}
		}
	}
	if len(all) < 2 {
		t.Fatalf("got %d answers that end, want some", len(all))
	}
	if got, err := all.exact(m, params, 3); err != nil || got != 1 {
		t.Errorf("got %g (%v) for the model's own answers, want 1", got, err)
	}
	last := &all[len(all)-1]
	last.ids = append(last.ids[:2:2], 1, 2, 1, end)
	if got, err := all.exact(m, params, 3); err != nil || math.Abs(got-1+1/float64(len(all))) > 1e-9 {
		t.Errorf("got %g (%v) with one other target of %d", got, err, len(all))
	}
}

const logHeader = "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy"

// TestReadLog: the figures of a log, and an error that names a damaged one.
func TestReadLog(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log.csv")
	for text, want := range map[string]string{
		"":                                     "has 0 steps and 0 evaluations",
		logHeader + "\n1,2.5,1,0.1,40,0.5,,\n": "has 1 steps and 0 evaluations",
		"hello\n":                              "this is no log",
		logHeader + "\n1,x\n":                  "2 columns, want 8",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := new(result).read(dir, 8); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: got error %v, want one with %q and %s", text, err, want, path)
		}
	}
	if err := os.WriteFile(path, []byte(logHeader+"\n1,2.5,1,0.1,40,0.5,,\n1,,,,,,2.4,0.3\n2,2.4,1,0.1,40,0.25,,\n2,,,,,,2.6,0.3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var r result
	if err := r.read(dir, 8); err != nil {
		t.Fatal(err)
	}
	if want := []point{{1, 8, 0.5, 2.4}, {2, 16, 0.75, 2.6}}; !slices.Equal(r.points, want) || r.loss != 2.4 || r.speed != 16 || r.seconds != 0.75 {
		t.Errorf("got %v, loss %v, speed %v, %v s, want %v, 2.4, 16, 0.75 s", r.points, r.loss, r.speed, r.seconds, want)
	}
}
