package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/shaping"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// small returns the options of a run that takes a second and learns little.
func small(out string) *options {
	o := defaults()
	o.Out, o.layers, o.dim, o.hidden, o.heads = out, 1, 16, 32, 2
	o.batch.Rows, o.Steps, o.EvalEvery, o.SampleEvery, o.dropout, o.smoothing = 8, 6, 3, 5, 0.1, 0.1
	return o
}

// pairsFile writes n reversals of numbers.
func pairsFile(t *testing.T, n int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pairs.tsv.gz")
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	for i := range n {
		fmt.Fprintf(z, "%d plus\t%d\n", i*7919%1000, i*7919%1000)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTrainGenerateEval(t *testing.T) {
	out, data := filepath.Join(t.TempDir(), "model"), pairsFile(t, 100)
	o := small(out)
	o.file = data
	if _, err := learn(o); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, beam := range []int{1, 3} {
		g := search(out)
		g.prompt, g.beam = "12 plus", beam
		if err := g.run(&text); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(text.String(), "\n"); n != 2 {
		t.Errorf("generate printed %q, want two lines", text.String())
	}
	var score bytes.Buffer
	e := evaluation{dataset: dataset{file: data, separator: `\t`, heldOut: 0.1}, model: out, batch: 4, beam: 1}
	if err := e.run(&score); err != nil {
		t.Fatal(err)
	}
	long := filepath.Join(t.TempDir(), "long.tsv")
	if err := os.WriteFile(long, []byte("1\t1\n"+strings.Repeat("9", 500)+"\t1\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := (&evaluation{dataset: dataset{file: long, separator: "\t", heldOut: 1}, model: out, batch: 4, beam: 1}).run(&score); err == nil || !strings.Contains(err.Error(), "1 of 2 pairs") {
		t.Errorf("a pair that is too long: got error %v, want one that counts it", err)
	}
	var loss, perplexity, accuracy, exact float64
	var pairs int
	const form = "loss %f perplexity %f token-accuracy %f pairs %d\nexact %f by greedy search\nBLEU|nrefs:1|case:mixed|"
	if _, err := fmt.Sscanf(score.String(), form, &loss, &perplexity, &accuracy, &pairs, &exact); err != nil || pairs != 10 || loss <= 0 {
		t.Fatalf("eval printed %q (%v), want a loss, an accuracy, 10 pairs and BLEU", score.String(), err)
	}
}

// TestResume compares a resumed run with an uninterrupted run, for batches of several shapes and of one.
func TestResume(t *testing.T) {
	data := pairsFile(t, 100)
	weights := func(batch shaping.Options, stops ...int) []byte {
		out := filepath.Join(t.TempDir(), "model")
		for _, steps := range stops {
			o := small(out)
			low, warmup := o.LR, 2 // a schedule that does not depend on the number of steps
			o.file, o.Auto, o.MinLR, o.Warmup = data, true, &low, &warmup
			o.Steps, o.batch = steps, batch
			if _, err := learn(o); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(filepath.Join(out, "checkpoints", fmt.Sprintf("step-%08d", stops[len(stops)-1]), "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, batch := range []shaping.Options{{Rows: 8, Shapes: 4}, {Rows: 8, Tokens: 60, Shapes: 12}, {Rows: 8, Shapes: 1}} {
		if !bytes.Equal(weights(batch, 3, 6), weights(batch, 6)) {
			t.Errorf("%+v: a resumed run gives other weights than an uninterrupted run", batch)
		}
	}
}

// TestShapes: the flags choose the shapes of batches, which a dry run lists.
func TestShapes(t *testing.T) {
	for _, c := range []struct {
		shaping.Options
		want string // of one shape or more
	}{
		{shaping.Options{Rows: 8, Shapes: 1}, `^1, \d\d\.\d % of the positions hold tokens: 8×\(8, 4\)$`},
		{shaping.Options{Rows: 8, Shapes: 12}, `^[2-9], \d\d\.\d % .*: 8×.*, 8×\(8, 4\)$`},
		{shaping.Options{Rows: 8, Tokens: 60, Shapes: 12}, `^[2-9], \d\d\.\d % .*: .*, 5×\(8, 4\)$`},
	} {
		o := small(filepath.Join(t.TempDir(), "model"))
		o.file, o.batch = pairsFile(t, 100), c.Options
		run, err := job.Open(&o.Options, o.program())
		if err != nil {
			t.Fatal(err)
		}
		p, err := prepare(o, run)
		if err != nil {
			t.Fatal(err)
		}
		if !regexp.MustCompile(c.want).MatchString(p.setup.Shapes) {
			t.Errorf("%+v: got shapes %q, want %q", c.Options, p.setup.Shapes, c.want)
		}
		run.Close()
	}
}

// TestResumeTwice: run.json keeps the -tokenizer of the first command when a run resumes.
func TestResumeTwice(t *testing.T) {
	data := pairsFile(t, 40)
	t.Chdir(t.TempDir())
	for _, args := range []string{
		"train -out run -data " + data + " -layers 1 -heads 2 -dim 8 -hidden 8 -batch 4 -steps 1 -tokenizer word",
		"train -out run -resume -steps 2", "train -out run -resume -steps 3 -tokenizer word",
	} {
		if err := program(io.Discard).Run(strings.Fields(args), io.Discard); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
}

func TestBadInput(t *testing.T) {
	data := pairsFile(t, 10)
	for _, c := range []struct {
		name string
		set  func(*options)
		want string
	}{
		{"both kinds of data", func(o *options) { o.source, o.target = "a", "b" }, "give -data alone"},
		{"no such file", func(o *options) { o.file = "missing.tsv" }, "missing.tsv"},
		{"separator", func(o *options) { o.separator = "|" }, "no separator"},
		{"held out", func(o *options) { o.heldOut = 0 }, "-held-out is 0"},
		{"heads", func(o *options) { o.heads = 3 }, "does not divide into 3"},
		{"eval-every", func(o *options) { o.EvalEvery = 0 }, "-eval-every is 0"},
		{"tokenizer", func(o *options) { o.vocabulary.Name = t.TempDir() }, "tokenize"},
	} {
		t.Run(c.name, func(t *testing.T) {
			o := small(filepath.Join(t.TempDir(), "model"))
			o.file = data
			c.set(o)
			if _, err := learn(o); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
		})
	}
}

// TestEmptySources: pairs without a source are left out. If no pair is left, that is an error.
func TestEmptySources(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pairs")
	for text, want := range map[string]string{
		"\tone\na\tb\nc\td\n\te\n":   "", // the last is held out
		"\tone\n\ttwo\n":             "0 pairs to learn from and 0 held out",
		"a\tone\n\ttwo\n":            "1 pairs to learn from and 0 held out",
		"a\tone\nb\ttwo\nc\tthree\n": "",
	} {
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		o := small("")
		o.file, o.heldOut = path, 0.5
		_, learning, held, err := o.pairs("")
		switch {
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%q: got error %v, want one with %q", text, err, want)
		case want == "" && (err != nil || len(learning) != 1 || len(held) == 0):
			t.Errorf("%q: got %v and %v (%v), want one pair to learn from and some held out", text, learning, held, err)
		}
	}
}

func TestParallelFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"a": "x\ny\nz\n", "b": "1\n2\n3\n", "short": "1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	d := dataset{source: filepath.Join(dir, "a"), target: filepath.Join(dir, "b"), heldOut: 0.34}
	learning, held, err := d.read()
	if err != nil || len(learning) != 2 || len(held) != 1 || held[0] != (data.TextPair{Source: "z", Target: "3"}) {
		t.Errorf("got %v and %v (%v), want two pairs and z → 3", learning, held, err)
	}
	d.target = filepath.Join(dir, "short")
	if _, _, err := d.read(); err == nil || !strings.Contains(err.Error(), "3 lines") {
		t.Errorf("files of 3 and 1 lines: got %v, want an error with both numbers", err)
	}
}
