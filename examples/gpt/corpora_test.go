package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/corpora"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// prepared makes a prepared corpus of n documents in a folder, with the tokenizer of their characters.
func prepared(t *testing.T, dir string, n int) string {
	t.Helper()
	var lines strings.Builder
	for i := range n {
		fmt.Fprintf(&lines, "%d: %s\n", i, strings.Repeat("the quick fox ", i%5))
	}
	text := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(text, []byte(lines.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	tok, err := trainer.Char{Special: []string{"<|endoftext|>"}}.Train(func(yield func(string) bool) { yield("the quick fox 0123456789:") })
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := tok.Save(dir); err != nil {
		t.Fatal(err)
	}
	if tok, err = tokenize.Load(dir); err != nil {
		t.Fatal(err)
	}
	tok = tok.ForText()
	fingerprint, err := tok.Fingerprint()
	if err != nil {
		t.Fatal(err)
	}
	end, _ := tok.EOS()
	p := data.Preparation{
		Documents: data.Documents{Paths: []string{text}, Formats: map[string]data.Format{"": data.Lines{}}}, Encoder: tok, Fingerprint: fingerprint, End: end, Unknown: -1,
		Out: dir, ShardSize: 1000, HeldOut: 0.2,
	}
	if _, err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestPrepared: runs on prepared corpora, packed and mixed, resume bit for bit, and eval scores the held-out documents of the run.
func TestPrepared(t *testing.T) {
	t.Chdir(t.TempDir())
	prepared(t, "a", 90)
	prepared(t, "b", 60)
	size := " -layers 1 -heads 2 -dim 8 -context 32 -batch 2 -eval-every 4 -eval-tokens 100"
	for i, flags := range []string{"-data a", "-data a -pack", "-mix a=0.7,b=0.3x1 -pack -family llama", "-mix a=1,b=1 -micro-batches 2"} {
		whole, stopped := fmt.Sprint("whole", i), fmt.Sprint("stopped", i)
		for _, args := range []string{
			"train -steps 8 -out " + whole + " " + flags + size, "train -steps 4 -out " + stopped + " " + flags + size + " -lr 1e-3 -warmup 0 -min-lr 1e-3",
			"train -resume -steps 8 -out " + stopped,
		} {
			if strings.Contains(args, whole) {
				args += " -lr 1e-3 -warmup 0 -min-lr 1e-3"
			}
			if _, err := said(args); err != nil {
				t.Fatalf("%s: %v", args, err)
			}
		}
		for name, content := range results(t, whole, 8) {
			if other := results(t, stopped, 8)[name]; !bytes.Equal(content, other) && !strings.HasSuffix(name, "trainer_state.json") {
				t.Errorf("%s: %s differs after a resumption", flags, name)
			}
		}
		score, err := said("eval -model " + whole)
		if err != nil || !strings.Contains(score, "tokens") {
			t.Errorf("%s: eval: %q, %v", flags, score, err)
		}
	}
	if err := os.RemoveAll("b"); err != nil {
		t.Fatal(err)
	}
	prepared(t, "b", 61)
	wantError(t, gpt("eval -model whole2"), "has changed")
	wantError(t, gpt("train -resume -steps 9 -out whole2"), "data")
}

// TestEvalPacked: eval gives the loss that the run's last evaluation had.
func TestEvalPacked(t *testing.T) {
	t.Chdir(t.TempDir())
	prepared(t, "a", 90)
	for i, pack := range []string{"", " -pack"} {
		out := fmt.Sprint("out", i)
		if err := gpt("train -data a -layers 1 -heads 2 -dim 8 -context 32 -batch 2 -steps 2 -eval-tokens 0 -out " + out + pack); err != nil {
			t.Fatal(err)
		}
		best, err := checkpoints.Run{Dir: out + "/checkpoints"}.Best()
		if err != nil {
			t.Fatal(err)
		}
		score, err := said("eval -batch 3 -model " + out)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf("loss %.4f ", best.Loss); !strings.HasPrefix(score, want) {
			t.Errorf("%q: eval says %q, the run %q", pack, score, want)
		}
	}
	writeText(t, fox)
	wantError(t, gpt("eval -pack -model out0 -data text.txt"), "-pack", "corpus")
}

// TestPreparedErrors: flags that do not suit prepared corpora are errors.
func TestPreparedErrors(t *testing.T) {
	t.Chdir(t.TempDir())
	prepared(t, "a", 50)
	charTokenizer(t, "tok.json", fox)
	writeText(t, fox)
	small := " -layers 1 -heads 2 -dim 8 -context 8 -steps 1 -out out"
	for args, words := range map[string][]string{
		"-data a -tokenizer char":   {"-tokenizer is char", "has its own"},
		"-data a -mix a=1":          {"-mix and -data"},
		"-data text.txt -pack":      {"-pack", "corpus"},
		"-data a -pack -family rnn": {"-pack", "LSTM"},
		"-mix a":                    {"-mix", "a folder and a weight"},
		"-mix a=0":                  {"-mix", "positive"},
		"-mix a=1x0":                {"-mix", "whole number from 1"},
		"-mix missing=1":            {"missing"},
		"-mix a=NaN":                {"-mix", "positive"},
		"-mix a=1,":                 {"-mix"},
		"-mix a=1x1 -steps 100000":  {"-mix has", "-steps", "100000"},
	} {
		args = "train " + strings.Replace(small, "-heads 2 ", map[bool]string{true: "", false: "-heads 2 "}[strings.Contains(args, "rnn")], 1) + " " + args
		wantError(t, gpt(args), words...)
	}
	if err := os.WriteFile("a/train-00001.bin", []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	wantError(t, gpt("train -data a"+small), "train-00001.bin", "token file")
}

// TestMix: the value of -mix survives a round trip.
func TestMix(t *testing.T) {
	var m, again corpora.Mix
	if err := m.Set("/a b=0.25,/c=d=3x2"); err != nil {
		t.Fatal(err)
	}
	if err := again.Set(m.String()); err != nil || again.String() != "/a b=0.25,/c=d=3x2" || again[1].Epochs != 2 {
		t.Errorf("got %q (%v)", again.String(), err)
	}
}
