package main

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/dates"
	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
)

// compareModels runs the program and returns its output.
func compareModels(args string) (string, error) {
	var w bytes.Buffer
	err := program(&w).Run(strings.Fields(args), io.Discard)
	return w.String(), err
}

func mustCompare(t *testing.T, args string) string {
	t.Helper()
	text, err := compareModels(args)
	if err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	return text
}

func wantError(t *testing.T, args string, words ...string) {
	t.Helper()
	_, err := compareModels(args)
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Fatalf("%s: got error %v, want one line with %q", args, err, words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%s: got error %q, want %q in it", args, err, w)
		}
	}
}

// bookFile returns the path of a short text: the start of Newton's Opticks.
func bookFile(t *testing.T) string {
	t.Helper()
	path, err := goroot.Opticks()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(t.TempDir(), "book.txt")
	if err := os.WriteFile(short, text[:6000], 0o666); err != nil {
		t.Fatal(err)
	}
	return short
}

// pairsFile returns the path of a file of dates.
func pairsFile(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, p := range dates.Pairs(60) {
		fmt.Fprintf(&text, "%s\t%s\n", p.Source, p.Target)
	}
	path := filepath.Join(t.TempDir(), "pairs.tsv")
	if err := os.WriteFile(path, []byte(text.String()), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// tiny holds the flags of a comparison of a second. Its rate is constant, so that it does not depend on -steps.
const tiny = " -layers 1 -heads 2 -dim 32 -batch 4 -eval-every 2 -eval-tokens 300 -lr 1e-3 -rnn-lr 1e-3 -min-lr 1e-3 -out "

// readCSV returns the lines of a CSV file below the header, by the first field.
func readCSV(t *testing.T, path string) map[string][][]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][][]string{}
	for _, line := range lines[1:] {
		all[line[0]] = append(all[line[0]], line)
	}
	return all
}

// TestCompare: a comparison prints its table, draws its plot and saves its figures. Each model opens as a folder. A comparison that
// continues has the same models as one that did not stop.
func TestCompare(t *testing.T) {
	book := bookFile(t)
	for _, c := range []struct{ args, table string }{
		{"dates -data " + pairsFile(t) + tiny, "pairs/s"},
		{"text -sample-every 3 -context 16 -data " + book + tiny, "17–32"},
	} {
		name, _, _ := strings.Cut(c.args, " ")
		t.Run(name, func(t *testing.T) {
			whole, parts := filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "out")
			text := mustCompare(t, c.args+whole+" -steps 4")
			for _, want := range []string{c.table, "GRU  ", "LSTM  ", "Transformer  ", "has the least loss", name + ".png"} {
				if !strings.Contains(text, want) {
					t.Errorf("got no %q in\n%s", want, text)
				}
			}
			checkFiles(t, whole, name)
			mustCompare(t, c.args+parts+" -steps 2")
			mustCompare(t, name+" -resume -steps 4 -out "+parts)
			for _, model := range names {
				file := filepath.Join(name, model, "model.safetensors")
				a, err := os.ReadFile(filepath.Join(whole, file))
				b, e := os.ReadFile(filepath.Join(parts, file))
				if err != nil || e != nil || !bytes.Equal(a, b) {
					t.Errorf("%s differs in a comparison that stopped (%v, %v)", file, err, e)
				}
				if _, err := folder.Open(filepath.Join(whole, name, model)); err != nil {
					t.Error(err)
				}
			}
			wantError(t, name+" -dim 64 -out "+parts, "-dim is 32 in the run and 64 here")
		})
	}
}

// checkFiles checks the plot and the figures of a comparison of 4 steps.
func checkFiles(t *testing.T, out, name string) {
	t.Helper()
	picture, err := os.ReadFile(filepath.Join(out, name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(picture)); err != nil {
		t.Error(err)
	}
	curves, figures := readCSV(t, filepath.Join(out, name+"-curves.csv")), readCSV(t, filepath.Join(out, name+".csv"))
	units := map[string]string{"dates": "16", "text": "256"}[name] // 4 steps of 4 pairs, or of 4 windows of 16
	for _, model := range names {
		if got := curves[model]; len(got) != 2 || got[1][1] != "4" || got[1][2] != units {
			t.Errorf("%s: got the evaluations %v, want steps 2 and 4, which ends after %s units", model, got, units)
		}
		if got := figures[model]; len(got) != 1 || (got[0][5] != "") != (name == "dates") {
			t.Errorf("%s: got the figures %v", model, got)
		}
	}
	if name == "text" {
		spans := readCSV(t, filepath.Join(out, name+"-positions.csv"))
		if len(spans["gru"]) != 3 || len(spans["lstm"]) != 3 || len(spans["transformer"]) != 2 { // 1–8, 9–16, 17–32
			t.Errorf("got the losses by position %v", spans)
		}
	}
}

// TestMinutes: the number of steps follows from the time, and a comparison that continues keeps it.
func TestMinutes(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	args := "text -context 16 -data " + bookFile(t) + strings.Replace(tiny, "-eval-every 2", "-eval-every 1000", 1) + out
	mustCompare(t, args+" -minutes 0.001")
	steps := func() (all string) {
		for _, model := range names {
			lines := readCSV(t, filepath.Join(out, "text-curves.csv"))[model]
			all += lines[len(lines)-1][1] + " "
		}
		return all
	}
	was := steps()
	if err := os.RemoveAll(filepath.Join(out, "text", "transformer")); err != nil {
		t.Fatal(err)
	}
	mustCompare(t, "text -out "+out)
	now := steps()
	if a, b := strings.Fields(was), strings.Fields(now); a[0] != b[0] || a[1] != b[1] {
		t.Errorf("got %s steps after %s, want the same of GRU and LSTM", now, was)
	}
	wantError(t, args+"2 -minutes 1 -steps 3", "-minutes is 1 and -steps is 3")
	wantError(t, args+"3 -minutes 1e-9 -warmup 100", "-minutes is 1e-09, time for 2 steps of a GRU", "-warmup is 100, want fewer than -steps, which is 2")
}

// TestPlan: a dry run leaves no file.
func TestPlan(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out")
	if text := mustCompare(t, "dates -dry-run"+tiny+out); strings.Contains(text, "layers") {
		t.Errorf("got a table %q", text)
	}
	if _, err := os.Stat(out); err == nil {
		t.Error("a dry run leaves a folder")
	}
}

func TestBadFlags(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "more", Words: `"more"|dates, text`},
		{Args: "-steps 3", Words: "-steps|-h"},
		{Args: "dates -context 3", Words: "-context"},
		{Args: "dates -data missing.tsv", Words: "missing.tsv"},
		{Args: "text -data missing.txt", Words: "missing.txt"},
		{Args: "text -dim 8", Words: "-dim is 8|2 %|Transformer"},
		{Args: "text -dim 30", Words: "Dim 30 does not divide into 4 Heads"},
		{Args: "text -rnn-lr -1", Words: "-rnn-lr is -1"},
		{Args: "text -rnn-lr 1e-3 -min-lr 2e-3", Words: "-rnn-lr is 0.001|-min-lr"},
		{Args: "text -minutes -1", Words: "-minutes is -1"},
		{Args: "text -resume", Words: "text: no run to resume"},
		{Args: "text -change lr", Words: "no run is resumed"},
	})
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"-nope": 1, "text -steps 0": 1, "-h": 0, "help": 0, "help dates": 0, "version": 0})
}

func TestSweepFlags(t *testing.T) {
	flagstest.Sweep(t, program, map[string]string{"": "-dry-run", "dates": "-data text.txt -dry-run", "text": "-data text.txt -dry-run -context 16"})
}
