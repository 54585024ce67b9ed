package main

import (
	"bytes"
	"encoding/csv"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// small is a report that takes an instant.
const small = "-data text.txt -layers 1 -heads 2 -dim 8 -context 8 -batch 4 -steps 6 -eval-every 3 -warmup 1 -lr 0.1 -eval-tokens 150 "

// positions runs the program by a command line, and returns its output.
func positions(args string) (string, error) {
	var w bytes.Buffer
	err := program(&w).Run(strings.Fields(args), &w)
	return w.String(), err
}

func mustRun(t *testing.T, args string) string {
	t.Helper()
	said, err := positions(args)
	if err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	return said
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got error %v, want one line with %q", err, w)
		}
	}
}

// inText runs a test in a folder with a text.
func inText(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("text.txt", []byte(strings.Repeat("The quick brown fox jumps over the lazy dog, and on.\n", 60)), 0o666); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.FromSlash(path))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// table reads a CSV file.
func table(t *testing.T, path string) [][]string {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(read(t, path))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// TestReport makes a report of all schemes. Its figures agree with each other, and a second run trains nothing and repeats them.
func TestReport(t *testing.T) {
	inText(t)
	said := mustRun(t, small+"-out report")
	for _, want := range []string{"learned refuses past its table: ", "learned positions: 16 tokens exceed the 8 positions", "Loss per character of 192 held-out characters"} {
		if !strings.Contains(said, want) {
			t.Errorf("got %q, want %q in it", said, want)
		}
	}
	if n := strings.Count(said, "training a GPT of"); n != 7 {
		t.Errorf("trained %d models, want 7", n)
	}
	checkLosses(t, table(t, "report/losses.csv"))
	checkByPosition(t, table(t, "report/by-position.csv"), table(t, "report/losses.csv"))
	if _, err := png.Decode(strings.NewReader(read(t, "report/losses.png"))); err != nil {
		t.Error(err)
	}
	before := read(t, "report/losses.csv")
	said = mustRun(t, "-out report -resume")
	if n := strings.Count(said, "is trained"); n != 7 || strings.Contains(said, "training a GPT") {
		t.Errorf("the second run said %q, want that 7 models are trained", said)
	}
	if after := read(t, "report/losses.csv"); after != before {
		t.Errorf("the second run wrote\n%s\nwant\n%s", after, before)
	}
}

// checkLosses checks the rows of losses.csv: eight schemes and four lengths.
func checkLosses(t *testing.T, lines [][]string) {
	t.Helper()
	losses := map[string][]string{}
	for _, line := range lines[1:] {
		losses[line[0]] = append(losses[line[0]], line[2])
		base, _ := strconv.ParseFloat(losses[line[0]][0], 64)
		l, _ := strconv.ParseFloat(line[2], 64)
		if growth, _ := strconv.ParseFloat(line[3], 64); line[2] != "" && math.Abs(growth-(l/base-1)) > 1e-4 {
			t.Errorf("%v: growth %g, want %g", line, growth, l/base-1)
		}
		if line[2] != "" && !(l > 1 && l < 5) {
			t.Errorf("%v: loss %g, want one of few steps", line, l)
		}
	}
	for _, s := range all {
		if refused := slices.Index(losses[s.name], ""); len(losses[s.name]) != 4 || (refused == 1) != (s.name == "learned") || refused > 1 {
			t.Errorf("%s has the losses %q, want four, or one of learned", s.name, losses[s.name])
		}
	}
	if rope, yarn := losses["rope"], losses["yarn"]; rope[0] != yarn[0] || rope[3] == yarn[3] {
		t.Errorf("RoPE has %v and YaRN %v, want the same loss at the context and others after it", rope, yarn)
	}
}

// checkByPosition checks that the stretches of the longest window have the mean that losses.csv has for it.
func checkByPosition(t *testing.T, lines, losses [][]string) {
	t.Helper()
	sums := map[string]float64{}
	for _, line := range lines[1:] {
		first, _ := strconv.Atoi(line[1])
		last, _ := strconv.Atoi(line[2])
		l, _ := strconv.ParseFloat(line[3], 64)
		sums[line[0]] += l * float64(last-first+1) / 64
	}
	for _, line := range losses[1:] {
		want, _ := strconv.ParseFloat(line[2], 64)
		if line[1] == "64" && math.Abs(sums[line[0]]-want) > 1e-4 {
			t.Errorf("%s has the mean %g by position, want %g", line[0], sums[line[0]], want)
		}
	}
}

// TestLosses: the loss in windows is the loss of the model's own Program for evaluation, for every length.
func TestLosses(t *testing.T) {
	ids := make([]int32, 200)
	for i := range ids {
		ids[i] = int32(i * i % 11)
	}
	corpus, err := data.NewCorpus(ids)
	if err != nil {
		t.Fatal(err)
	}
	b, err := newBlocks(corpus, 32, 60)
	if err != nil || len(b.tokens) != 2 || !slices.Equal(b.tokens[1], ids[96:129]) {
		t.Fatalf("got blocks %v (%v), want two, the second from 96", b, err)
	}
	o := defaults()
	o.context, o.dim, o.lengths = 8, 16, nil
	for _, s := range all[1:] {
		params := graph.NewParams(tensor.Float32, 1)
		for _, length := range []int{8, 16, 32} {
			m := o.model(s, 11, length)
			p, err := graph.Build(params, graph.Eval, m.Logits(32/length, length))
			if err != nil {
				t.Fatal(err)
			}
			losses, err := b.losses(p, length)
			if err != nil {
				t.Fatal(err)
			}
			if want := b.own(t, params, m.Loss(32/length, length), length); len(losses) != 64 || math.Abs(mean(losses)-want) > 1e-5 {
				t.Errorf("%s at %d: got %d losses of mean %g, want 64 of %g", s.name, length, len(losses), mean(losses), want)
			}
		}
	}
}

// own returns the mean loss of the blocks by a Program with a loss.
func (b blocks) own(t *testing.T, params *graph.Params, loss func(*graph.Scope), length int) (sum float64) {
	t.Helper()
	p, err := graph.Build(params, graph.Eval, loss)
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range b.tokens {
		rows := []int{b.size / length, length}
		if err := p.Run(graph.Feed{"tokens": graphtest.Ints(block[:b.size], rows...), "targets": graphtest.Ints(block[1:], rows...)}); err != nil {
			t.Fatal(err)
		}
		sum += p.Loss() / float64(len(b.tokens))
	}
	return sum
}

// TestByPosition averages over blocks, with a shorter last stretch.
func TestByPosition(t *testing.T) {
	b := blocks{size: 5, tokens: make([][]int32, 2)}
	got := b.byPosition([]float64{1, 2, 3, 4, 5, 3, 4, 5, 6, 9}, 2)
	if want := []float64{2.5, 4.5, 7}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got, want := crossEntropy([]float32{1, 2, float32(math.Inf(-1))}, 0), math.Log(1+math.E); math.Abs(got-want) > 1e-12 {
		t.Errorf("got cross-entropy %g, want %g", got, want)
	}
}

const logHeader = "step,loss,grad_norm,rate,tokens,seconds,valid_loss,valid_accuracy"

// TestDamagedLog: a log that is empty, has no steps or is no log gives an error that names it.
func TestDamagedLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.csv")
	for text, want := range map[string]string{
		"":                    "has no steps: remove the folder",
		logHeader + "\n":      "has no steps: remove the folder",
		"hello\n":             "this is no log",
		logHeader + "\n1,x\n": "2 columns, want 8",
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, err := cost(path); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%q: got error %v, want one with %q and %s", text, err, want, path)
		}
	}
	if err := os.WriteFile(path, []byte(logHeader+"\n1,2.5,1,0.1,40,0.5,,\n1,,,,,,2.4,0.3\n2,2.4,1,0.1,40,0.25,,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if tokens, seconds, err := cost(path); err != nil || tokens != 80 || seconds != 0.75 {
		t.Errorf("got %d tokens in %v s and error %v, want 80 in 0.75 s", tokens, seconds, err)
	}
}
