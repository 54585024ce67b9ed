package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

// walks returns lines of 40 users who go through 20 items in order.
func walks() string {
	var b strings.Builder
	for user := range 40 {
		for i := range 6 {
			fmt.Fprintf(&b, "user%d %d\n", user, 1+(user+i)%20)
		}
	}
	return b.String()
}

const small = "-data walks.txt -layers 1 -dim 16 -context 5 -batch 8 -dropout 0.1 -lr 1e-2 -min-lr 1e-3 -warmup 2 "

// recommend runs the program by a command line, and returns its output.
func recommend(args string) (string, error) {
	var w bytes.Buffer
	err := program(&w).Run(flagsOf(args), &w)
	return w.String(), err
}

// flagsOf splits a command line at spaces. A _ is a space in an argument.
func flagsOf(args string) []string {
	fields := strings.Fields(args)
	for i := range fields {
		fields[i] = strings.ReplaceAll(fields[i], "_", " ")
	}
	return fields
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got error %v, want one line with %q", err, w)
		}
	}
}

func inWalks(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("walks.txt", []byte(walks()), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestTrainEvalPredict: the model learns the order of the items. Its scores after training are those of eval.
func TestTrainEvalPredict(t *testing.T) {
	inWalks(t)
	trained, err := recommend("train -out model -steps 150 -eval-every 50 -sample-every 50 " + small)
	if err != nil {
		t.Fatal(err)
	}
	if _, scores, _ := strings.Cut(trained, "40 users"); !strings.Contains(trained, "40 users") || !strings.Contains(scores, "1.0000") {
		t.Errorf("got %q, want an HR@10 of 1", trained)
	}
	scored, err := recommend("eval -model model -data walks.txt -batch 7")
	if err != nil || !strings.HasSuffix(trained, scored) {
		t.Errorf("eval: got %q and error %v, want the scores of %q", scored, err, trained)
	}
	for history, next := range map[string]string{"3_4_5": "[6", "19_20_1": "[2"} {
		if got, err := recommend("predict -model model -n 3 -history " + history); err != nil || !strings.Contains(got, ": "+next+" ") {
			t.Errorf("after %s: got %q and error %v, want %s first", history, got, err, next)
		}
	}
	_, err = recommend("predict -model model -history 3_21")
	wantError(t, err, "item 21", "1 … 20")
	if again, err := recommend("eval -model model"); err != nil || again != scored {
		t.Errorf("eval of the run's data: got %q and error %v, want %q", again, err, scored)
	}
	if best, err := (checkpoints.Run{Dir: "model/checkpoints"}).Best(); err != nil || best.Score == nil || best.Score.Name != "NDCG@10" || best.Score.Value < 0.9 {
		t.Errorf("got the best checkpoint %+v with score %+v and error %v, want one chosen by NDCG@10", best, best.Score, err)
	}
	if err := os.WriteFile("more.txt", []byte("a 1\na 2\na 21\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = recommend("eval -model model -data more.txt")
	wantError(t, err, "item 21", "1 … 20")
}

// TestResume: a run that ends halfway and is resumed by -out alone has the files of a run in one piece.
func TestResume(t *testing.T) {
	inWalks(t)
	for _, args := range []string{"train -eval-every 5 -out whole -steps 20 -min-lr 1e-2 " + small, "train -eval-every 5 -out half -steps 10 " + small, "train -resume -out half -steps 20"} {
		if _, err := recommend(strings.ReplaceAll(args, "-min-lr 1e-3", "-min-lr 1e-2")); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
	}
	for _, name := range []string{"config.json", "checkpoints/step-00000020/model.safetensors", "checkpoints/step-00000020/optimizer.safetensors"} {
		a, err := os.ReadFile(filepath.Join("whole", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join("half", filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s of the resumed run differs (%v)", name, err)
		}
	}
	_, err := recommend("train -resume -out half -dim 8")
	wantError(t, err, "-dim is 16 in the run and 8 here")
}

// TestInvented: the program makes the same histories each time, of many items.
func TestInvented(t *testing.T) {
	a, b := invented(100, 50), invented(100, 50)
	if a.Key() != b.Key() || a.Items() != 50 || len(a.Longer(7)) != 100 {
		t.Errorf("got %d users and %d items", len(a), a.Items())
	}
}

func TestBadFlags(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "teach", Words: "no command \"teach\"|train, eval, predict, help and version"},
		{Args: "train -layers many", Words: "-layers is \"many\", want a whole number"},
		{Args: "train -steps 0", Words: "-steps is 0, want at least 1"},
		{Args: "train -layers 0", Words: "-layers is 0, want at least 1"},
		{Args: "train -context 0", Words: "-context is 0"},
		{Args: "train -dropout 1", Words: "-dropout is 1, want at least 0 and less than 1"},
		{Args: "train -dim 10 -heads 3", Words: "Dim 10 does not divide into 3 Heads"},
		{Args: "train -data missing.txt", Words: "missing.txt"},
		{Args: "eval", Words: "-model is \"out/recommend\", which does not exist"},
		{Args: "eval -data missing.txt", Words: "missing.txt"},
		{Args: "predict -history 2147483648", Words: "item \"2147483648\", want numbers of 1 … 2147483647"},
		{Args: "predict -model missing -history 3", Words: "missing"},
		{Args: "predict -n 0 -history 3", Words: "-n is 0"},
		{Args: "predict", Words: "-history is empty"},
	})
}

// TestBadHistories: bad data are an error of one line before a run begins, and leave no folder.
func TestBadHistories(t *testing.T) {
	t.Chdir(t.TempDir())
	for text, want := range map[string]string{
		"a 1\nb 2\n":                         "none of 2 users has 3 items",
		"a 1\na 2\na 3\nb 9\n":               "none of 1 users has 4 items",
		"a x\n":                              `item "x"`,
		"a 0\n":                              `item "0"`,
		"a -1\n":                             `item "-1"`,
		"a 2147483648\n":                     `item "2147483648", want a number of 1 … 2147483647`,
		"one\n":                              "1 columns",
		"a,1\n":                              `is the separator " "?`,
		"\n \n":                              "holds no user",
		"":                                   "empty",
		"a 1\na 2\na 3\na 4\n":               "a user has all 4 items",
		strings.Repeat("a 1\n", 9):           "a user has all 1 items",
		"a 1\na 2\na 3\na 4\na 2147483647\n": "the largest item is 2147483647, but users have only 5 items: number them from 1 without gaps",
	} {
		if err := os.WriteFile("bad.txt", []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		_, err := recommend("train -data bad.txt -out out")
		wantError(t, err, want)
		if _, err := os.Stat("out"); err == nil {
			t.Errorf("%q: the folder out exists", text)
		}
	}
}

// TestUnusualHistories: compressed data, other separators, items in more than one place of a history, one user, and contexts and batches of
// any size train and score.
func TestUnusualHistories(t *testing.T) {
	inWalks(t)
	text := walks()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write([]byte(text))
	w.Close()
	one := ""
	for i := range 9 {
		one += fmt.Sprintf("a %d\n", 1+i*i%7*3)
	}
	for name, content := range map[string]string{
		"walks.gz": packed.String(), "tabs.txt": strings.ReplaceAll(text, " ", "\t"), "crlf.txt": strings.ReplaceAll(text, "\n", "\r\n"), "one.txt": one,
		"times.txt": strings.ReplaceAll(text, "\n", " 1234567890\n"),
	} {
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	base := "train -layers 1 -dim 8 -steps 2 -eval-every 2 -batch 8 -context 5 "
	want, err := recommend(base + "-data walks.txt -out want")
	if err != nil {
		t.Fatal(err)
	}
	_, want, _ = strings.Cut(want, "40 users ")
	for i, args := range []string{"-data walks.gz", "-data tabs.txt -separator \\t", "-data crlf.txt", "-data times.txt", "-data walks.txt -context 3", "-data walks.txt -batch 100", "-data one.txt -batch 3", "-data walks.txt -eval-tokens 7"} {
		got, err := recommend(fmt.Sprintf("%s %s -out %d", base, args, i))
		if _, scores, _ := strings.Cut(got, "40 users "); err != nil || i < 4 && scores != want {
			t.Errorf("%s: got %q and error %v, want %q", args, got, err, want)
		}
	}
	for _, args := range []string{"-context 9223372036854775807", "-context 2000000000", "-batch 1000000000000", "-batch 9223372036854775807"} {
		_, err := recommend(base + "-data walks.txt -out huge " + args)
		if wantError(t, err, ""); err != nil && !strings.Contains(err.Error(), "at most") && !strings.Contains(err.Error(), "make the model, -batch or -context smaller") {
			t.Errorf("%s: got error %v, want one that names the limit", args, err)
		}
	}
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"train -nope": 1, "train -steps 0": 1, "eval": 1, "-h": 0, "eval -h": 0, "train -h": 0, "predict -h": 0, "help": 0, "version": 0})
}

func TestSweepFlags(t *testing.T) {
	small := "-out out -layers 1 -heads 1 -dim 4 -context 2 -batch 1 -steps 1"
	flagstest.Sweep(t, program, map[string]string{"": small, "train": small, "eval": "", "predict": "-history 1"})
}
