package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// classify runs the program by a command line.
func classify(args string) error { return program(io.Discard).Run(strings.Fields(args), io.Discard) }

// TestResume: a run that ends halfway and is resumed by -out alone has the files of a run in one piece.
func TestResume(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("reviews.tsv", []byte(reviews(200)), 0o666); err != nil {
		t.Fatal(err)
	}
	train := "train -data reviews.tsv -layers 1 -heads 2 -dim 16 -batch 16 -eval-every 5 -min-count 0 -lr 1e-3 -min-lr 1e-3 -warmup 2 "
	for _, args := range []string{train + "-out whole -steps 20", train + "-out half -steps 10 -sample-every 5", "train -resume -out half -steps 20"} {
		if err := classify(args); err != nil {
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
	wantError(t, classify(train+"-out half -steps 30"), "it has 20 steps", "-resume")
	wantError(t, classify("train -resume -out none"), "no run to resume")
}

// TestResumeOther resumes with other flags and other data.
func TestResumeOther(t *testing.T) {
	t.Chdir(t.TempDir())
	text := reviews(200)
	for name, content := range map[string]string{"reviews.tsv": text, "fewer.tsv": reviews(150), "longer.tsv": text + strings.Repeat("a very long film with number 3 is fine\tgood\n", 90),
		"renamed.tsv": strings.ReplaceAll(text, "\tgood", "\tgreat"), "other.tsv": strings.Replace(text, "fine", "great", 1)} {
		if err := os.WriteFile(name, []byte(content), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := classify("train -out run -data reviews.tsv -layers 1 -heads 2 -dim 16 -batch 16 -steps 4 -eval-every 2 -min-count 0"); err != nil {
		t.Fatal(err)
	}
	resume := func(args string) error { return classify("train -resume -out run -steps 6 " + args) }
	wantError(t, resume("-dim 32"), "-dim is 16 in the run and 32 here", "cannot change")
	wantError(t, resume("-tokenizer char"), "-tokenizer is word in the run and char here")
	wantError(t, resume("-held-out 0.2"), "the data have key", "-held-out is 0.1 in the run and 0.2 here")
	wantError(t, resume("-data other.tsv"), "the data have key", "reviews.tsv in the run and other.tsv here")
	wantError(t, resume("-data fewer.tsv"), "the data have key")
	wantError(t, resume("-dropout 0.1"), "-dropout is 0.3 in the run and 0.1 here", "-change dropout")
	wantError(t, resume("-data renamed.tsv -change data"), `label "great"`, `want one of ["bad" "good"]`)
	if err := os.Rename("reviews.tsv", "moved.tsv"); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"-data moved.tsv", "-tokenizer word -steps 8", "-steps 10 -dropout 0.1 -change dropout", "-steps 12 -data longer.tsv -change data"} {
		if err := resume(args); err != nil {
			t.Errorf("%s: %v", args, err)
		}
	}
}

// TestDryRun: a dry run leaves nothing, without a command and with one.
func TestDryRun(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("reviews.tsv", []byte(reviews(50)), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"", "train "} {
		if err := classify(command + "-dry-run -out dry -data reviews.tsv -layers 1 -heads 2 -dim 16 -batch 4"); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat("dry"); err == nil {
		t.Error("the dry run leaves a folder")
	}
}

// TestTokenizers: a model can be trained with every kind of tokenizer and with saved ones, whose roles give the token in front.
func TestTokenizers(t *testing.T) {
	for name, tokenizer := range map[string]string{
		"char": "char", "word": "word", "bpe": "bpe", "unigram": "unigram", "wordpiece": "wordpiece",
		"BERT": shared("tokenizers", "bert-base-uncased"), "RoBERTa": shared("tokenizers", "roberta-base", "tokenizer.json"),
		"Llama": shared("tokenizers", "llama2", "tokenizer.model"),
	} {
		t.Run(name, func(t *testing.T) {
			switch {
			case tokenizer == "":
				t.Skip("no reference data")
			case !sweep.All() && (name == "BERT" || name == "RoBERTa" || name == "Llama"):
				t.Skip("large: needs SWEEPS=all")
			}
			o := small(t)
			o.vocabulary.Name, o.vocabulary.Size, o.Steps, o.EvalEvery, o.Warmup = tokenizer, 300, 2, 2, nil
			if _, err := learn(io.Discard, o); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			if err := (&prediction{model: o.Out}).run(&out, strings.NewReader("film number 7 is fine\n")); err != nil || out.Len() == 0 {
				t.Errorf("predict: got %q (%v), want a label", out.String(), err)
			}
			o.Resume, o.Steps = true, 3
			if _, err := learn(io.Discard, o); err != nil {
				t.Errorf("resume: %v", err)
			}
		})
	}
}

// shared returns the path of reference data, or "" where they are missing.
func shared(parts ...string) string {
	path := filepath.Join(append([]string{"..", "..", "..", "shared"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
}

// TestOtherFolder: a run resumes from another folder, whatever its relative paths.
func TestOtherFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("reviews.tsv", []byte(reviews(60)), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := classify(tiny + "-data reviews.tsv -out first"); err != nil {
		t.Fatal(err)
	}
	small := "-layers 0 -heads 1 -dim 8 -batch 4 -min-count 0 "
	flagstest.OtherFolder(t, program, small+"-data reviews.tsv")
	flagstest.OtherFolder(t, program, small+"-data ./reviews.tsv -valid ./reviews.tsv -test reviews.tsv -tokenizer first/tokenizer.json")
}

// TestWrapped: a model whose tensors have the names of PyTorch's wrappers gives the same labels.
func TestWrapped(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("reviews.tsv", []byte(reviews(60)), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := classify(tiny + "-data reviews.tsv -out run"); err != nil {
		t.Fatal(err)
	}
	want, err := said("predict -model run -text fine")
	if err != nil {
		t.Fatal(err)
	}
	for dir := range flagstest.Wrapped(t, "run") {
		if got, err := said("predict -text fine -model " + dir); err != nil || got != want {
			t.Errorf("%s: got %q (%v), want %q", dir, got, err, want)
		}
	}
}

// TestEvalOfRun: without -data, eval scores the held-out texts of the run as the run did. It refuses texts that have changed.
func TestEvalOfRun(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, n := range map[string]int{"reviews.tsv": 60, "valid.tsv": 21} {
		if err := os.WriteFile(name, []byte(reviews(n)), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ flags, held string }{
		{"-held-out 0.25 -seed 3", "texts 8\n"}, {"-valid valid.tsv -test reviews.tsv", "texts 21\n"},
	} {
		os.RemoveAll("run")
		trained, err := said(tiny + "-data reviews.tsv -out run " + c.flags)
		if err != nil {
			t.Fatal(err)
		}
		scored, err := said("eval -model run")
		if err != nil || !strings.Contains(scored, c.held) {
			t.Errorf("%s: got %q (%v), want %q", c.flags, scored, err, c.held)
		}
		if again, err := said("eval -model run/checkpoints/step-00000002 -batch 3"); err != nil || again != scored {
			t.Errorf("%s: a checkpoint: got %q (%v), want %q", c.flags, again, err, scored)
		}
		if strings.Contains(c.flags, "-seed") && trained != scored { // the end of the run scores the same texts
			t.Errorf("%s: the run printed %q, eval %q", c.flags, trained, scored)
		}
	}
	_, err := said("eval -model run -label-column 0")
	wantError(t, err, "two different columns")
	if err := os.WriteFile("valid.tsv", []byte(reviews(22)), 0o666); err != nil {
		t.Fatal(err)
	}
	_, err = said("eval -model run")
	wantError(t, err, "reviews.tsv has key", "the run of run had", "the texts have changed", "-data")
	os.Remove("valid.tsv")
	_, err = said("eval -model run")
	wantError(t, err, "-valid is ", "in the run, which does not exist", "name the data to score with -data")
	os.Remove("run/run.json")
	_, err = said("eval -model run")
	wantError(t, err, "-data is missing, and run has no run")
}

// TestOmitUnknown: text that has no token is an error, or is left out, wherever a command encodes text.
func TestOmitUnknown(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("reviews.tsv", []byte(reviews(60)), 0o666); err != nil {
		t.Fatal(err)
	}
	tok, err := trainer.Char{Special: []string{special}}.Train(slices.Values([]string{"film number is fine por 01234567"})) // no 8, no 9
	if err != nil {
		t.Fatal(err)
	}
	if err := tok.Save("tok.json"); err != nil {
		t.Fatal(err)
	}
	train := tiny + "-data reviews.tsv -out run -tokenizer tok.json "
	wantError(t, classify(train), `"9" `, "OmitUnknown")
	for _, args := range []string{train + "-omit-unknown", "train -resume -steps 3 -out run"} {
		if err := classify(args); err != nil {
			t.Fatal(err)
		}
	}
	for args, fails := range map[string]bool{
		"eval -model run": false, "eval -model run -data reviews.tsv": true, "eval -model run -data reviews.tsv -omit-unknown": false,
		"predict -model run -text 9fine": true, "predict -model run -omit-unknown -text 9fine": false, "predict -model run -omit-unknown -text 9": false,
	} {
		if err := classify(args); (err != nil) != fails {
			t.Errorf("%s: got error %v, want an error %v", args, err, fails)
		}
	}
}

// tiny is the start of a command line that trains for an instant.
const tiny = "train -layers 0 -heads 1 -dim 8 -batch 4 -steps 2 -eval-every 2 -min-count 0 "

// said runs a command line and returns its output.
func said(args string) (string, error) {
	var w bytes.Buffer
	err := program(&w).Run(strings.Fields(args), &w)
	return w.String(), err
}
