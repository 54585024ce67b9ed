package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
)

// counting returns lines of numbers in order, so that both neighbours give a number away.
func counting(lines int) string {
	words := strings.Fields("zero one two three four five six seven eight nine")
	var b strings.Builder
	for i := range lines {
		for k := range 6 {
			fmt.Fprintf(&b, "%s ", words[(i+k)%10])
		}
		fmt.Fprintf(&b, "\tline %d\n", i)
	}
	return b.String()
}

const small = "-vocab 60 -layers 1 -heads 2 -dim 16 -context 12 -batch 16 -dropout 0 -lr 1e-2 -min-lr 1e-3 "

// mlm runs the program by a command line, and returns its output. A _ is a space in an argument.
func mlm(args string) (string, error) {
	fields := strings.Fields(args)
	for i := range fields {
		fields[i] = strings.ReplaceAll(fields[i], "_", " ")
	}
	var w bytes.Buffer
	err := program(&w).Run(fields, &w)
	return w.String(), err
}

func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	for _, w := range words {
		if err == nil || !strings.Contains(err.Error(), w) || strings.Contains(err.Error(), "\n") {
			t.Errorf("got error %v, want one line with %q", err, w)
		}
	}
}

// inNumbers changes to a folder with numbers.tsv, whose column 0 holds the texts, and with numbers.txt.
func inNumbers(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, content := range map[string]string{"numbers.tsv": counting(200), "numbers.txt": strings.ReplaceAll(counting(60), "\t", " ")} {
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTrainFillEval: a model of each family learns the order of the numbers and fills the gaps. Its score is the last of its run.
func TestTrainFillEval(t *testing.T) {
	inNumbers(t)
	for _, family := range encoders.Families {
		if !sweep.All() && family == "roberta" {
			continue // its layers are those of bert
		}
		train := "train -data numbers.tsv -column 0 -steps 1000 -eval-every 1000 -sample-every 500 " + small + "-dim 32 -masked 0.3 -family " + family + " -out " + family
		if _, err := mlm(train); err != nil {
			t.Fatal(err)
		}
		for text, want := range map[string]string{"two_three_[MASK]_five_six_seven": "four", "seven_eight_nine_[MASK]_one_two": "zero"} {
			if got, err := mlm("fill -n 1 -model " + family + " -text " + text); err != nil || !strings.Contains(got, "\t"+want+"\t") {
				t.Errorf("%s: %s: got %q (%v), want %s", family, text, got, err, want)
			}
		}
		first, err := mlm("eval -batch 5 -model " + family)
		if err != nil || !strings.HasPrefix(first, "loss 0.") {
			t.Errorf("%s: got %q (%v), want a loss below 1", family, first, err)
		}
		if again, err := mlm("eval -batch 64 -model " + family); err != nil || again != first {
			t.Errorf("%s: got %q with other batches (%v), want %q", family, again, err, first)
		}
		log, err := os.ReadFile(filepath.Join(family, "log.csv"))
		if loss := strings.Fields(first)[1]; err != nil || !strings.Contains(string(log), loss[:len(loss)-1]) {
			t.Errorf("%s: the log does not hold the loss %s of eval (%v)", family, loss, err)
		}
	}
}

// TestSeveralMasks: each gap has its words, and the mark of the tokenizer itself also makes a gap.
func TestSeveralMasks(t *testing.T) {
	inNumbers(t)
	if _, err := mlm("train -data numbers.txt -family roberta -tokenizer bpe -steps 2 -eval-every 2 -whole-words " + small + "-vocab 300 -out run"); err != nil {
		t.Fatal(err)
	}
	got, err := mlm("fill -n 2 -model run -text one_[MASK]_three_<mask>")
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if err != nil || len(lines) != 4 || !strings.HasSuffix(lines[0], " three [MASK]") || !strings.Contains(lines[2], "one [MASK] three ") {
		t.Errorf("got %q (%v), want two words for each of two gaps", got, err)
	}
	_, err = mlm("fill -model run -text one_two")
	wantError(t, err, `"one two" has no [MASK]`)
	_, err = mlm("fill -model run -text [MASK]" + strings.Repeat("_one", 50))
	wantError(t, err, "the model sees 12", "shorten")
}

// TestResume: a run that ends halfway and is resumed by -out alone has the files of a run in one piece.
func TestResume(t *testing.T) {
	inNumbers(t)
	train := "train -data numbers.txt -eval-every 5 " + strings.Replace(small, "-min-lr 1e-3", "-min-lr 1e-2 -warmup 2", 1)
	for _, args := range []string{train + "-dropout 0.1 -out whole -steps 20", train + "-dropout 0.1 -out half -steps 10", "train -resume -out half -steps 20"} {
		if _, err := mlm(args); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
	}
	for _, name := range []string{"config.json", "tokenizer.json", "checkpoints/step-00000020/model.safetensors", "checkpoints/step-00000020/optimizer.safetensors"} {
		a, err := os.ReadFile(filepath.Join("whole", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join("half", filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s of the resumed run differs (%v)", name, err)
		}
	}
	_, err := mlm("train -resume -out half -dim 8")
	wantError(t, err, "-dim is 16 in the run and 8 here")
}

// TestInit: -init continues from a model with its tokenizer and sizes. Its first loss is the last of that model, and frozen weights stay.
func TestInit(t *testing.T) {
	inNumbers(t)
	data := "-data numbers.tsv -column 0 "
	if _, err := mlm("train -family bert -steps 100 -eval-every 100 -out first " + data + small); err != nil {
		t.Fatal(err)
	}
	if _, err := mlm("train -init first -steps 1 -eval-every 1 -lr 0 -min-lr 0 -out second " + data); err != nil {
		t.Fatal(err)
	}
	a, err := mlm("eval -model first")
	if err != nil {
		t.Fatal(err)
	}
	if b, err := mlm("eval -model second"); err != nil || b != a {
		t.Errorf("got %q (%v) after no step, want %q", b, err, a)
	}
	if _, err := mlm("train -init first -steps 2 -eval-every 2 -freeze bert.embeddings.** -out third " + data); err != nil {
		t.Fatal(err)
	}
	was, err := checkpoints.Read("first")
	if err != nil {
		t.Fatal(err)
	}
	now, err := checkpoints.Read("third")
	if err != nil {
		t.Fatal(err)
	}
	for name := range was {
		same := fmt.Sprint(was[name].Data()) == fmt.Sprint(now[name].Data())
		if frozen := strings.HasPrefix(name, "bert.embeddings."); same != frozen {
			t.Errorf("%s: unchanged %t, frozen %t", name, same, frozen)
		}
	}
	for args, want := range map[string]string{
		"-dim 8": "-dim is 8, but the model of -init first has its own", "-tokenizer bpe": "-tokenizer is bpe", "-context 13": "-context is 13, the model of -init first sees 12",
		"-freeze h.**": `no weight matches "h.**"`,
	} {
		_, err := mlm("train -init first -steps 1 -out fourth " + data + args)
		wantError(t, err, want)
	}
}

func TestBadFlags(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "teach", Words: "no command \"teach\"|train, fill, eval, merge, help and version"},
		{Args: "train -layers 0", Words: "-layers is 0, want at least 1"},
		{Args: "train -context 2", Words: "-context is 2, want at least 3"},
		{Args: "train -masked 1", Words: "-masked is 1"},
		{Args: "train -masked 0", Words: "-masked is 0, want more"},
		{Args: "eval -masked 0", Words: "-masked is 0, want more"},
		{Args: "train -family gpt2", Words: "-family is \"gpt2\"|bert, roberta, modernbert"},
		{Args: "train -dim 10 -heads 3", Words: "Dim 10 does not divide into 3 Heads"},
		{Args: "train -data missing.txt", Words: "missing.txt"},
		{Args: "train -column text", Words: "-column is \"text\", but -data is missing"},
		{Args: "train -init missing", Words: "-init is \"missing\""},
		{Args: "eval", Words: "-model is \"out/mlm\", which does not exist"},
		{Args: "fill -model missing -text a", Words: "missing"},
		{Args: "fill -n 0 -text a", Words: "-n is 0"},
	})
}

// TestBadData: the error names the file and the remedy.
func TestBadData(t *testing.T) {
	inNumbers(t)
	for args, want := range map[string]string{
		"-data numbers.tsv -column text": `-column is "text"`, "-data numbers.tsv -column 5": "want at least 6", "-data numbers.tsv -column 0 -held-out 0": "-held-out 0 leaves 200 of 200",
		"-data numbers.txt -tokenizer char -whole-words": "-whole-words",
	} {
		_, err := mlm("train -out bad -steps 1 " + small + args)
		wantError(t, err, want)
		if _, err := os.Stat("bad"); err == nil {
			t.Errorf("%s: the folder bad exists", args)
		}
	}
}

func TestOtherFolder(t *testing.T) {
	inNumbers(t)
	flagstest.OtherFolder(t, program, small+"-data numbers.txt")
	flagstest.OtherFolder(t, program, small+"-data ./numbers.tsv -column 0 -whole-words")
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"train -nope": 1, "train -steps 0": 1, "eval": 1, "-h": 0, "eval -h": 0, "train -h": 0, "fill -h": 0, "help": 0, "version": 0})
}

func TestSweepFlags(t *testing.T) {
	small := "-data text.txt -out out -layers 1 -heads 1 -dim 4 -context 8 -batch 1 -steps 1"
	flagstest.Sweep(t, program, map[string]string{"": small, "train": small, "eval": "", "fill": "-text [MASK]"})
}
