package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// command runs a command line that must not fail, and returns its output.
func command(t *testing.T, args string) string {
	t.Helper()
	text, err := said(args)
	if err != nil {
		t.Fatalf("%s: %v", args, err)
	}
	return text
}

// goldenT5 makes a folder of a golden T5 with a tokenizer of its size, whose tokens are characters.
func goldenT5(t *testing.T, name string) (dir string, tok *tokenize.Tokenizer, files string) {
	t.Helper()
	files = shared("golden", name)
	if files == "" {
		t.Skip("no reference data")
	}
	dir = t.TempDir()
	for _, file := range []string{"config.json", "model.safetensors"} {
		content, err := os.ReadFile(filepath.Join(files, file))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tok, err := trainer.Char{Special: []string{"<pad>", "</s>"}}.Train(func(yield func(string) bool) { yield("abcdefghijklmnopqrstu") })
	if err != nil {
		t.Fatal(err)
	}
	if tok.VocabSize() != 23 {
		t.Fatalf("got %d tokens, want 23", tok.VocabSize())
	}
	if err := tok.Save(filepath.Join(dir, "tokenizer.json")); err != nil {
		t.Fatal(err)
	}
	return dir, tok, files
}

// TestGoldenT5: eval gives the loss of the reference implementation. It puts the end behind each source and begins targets with padding.
func TestGoldenT5(t *testing.T) {
	for _, name := range []string{"t5-tiny", "t5-gated-tiny"} {
		dir, tok, files := goldenT5(t, name)
		io, err := checkpoints.Read(filepath.Join(files, "io.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		text := func(tensor string, row int) string { // up to the end of the text
			var b strings.Builder
			width := io[tensor].Shape()[1]
			for _, id := range io[tensor].Int64s()[row*width : (row+1)*width] {
				if id == 1 {
					break
				}
				c, _ := tok.IDToToken(int32(id))
				b.WriteString(c)
			}
			return b.String()
		}
		var pairs, sources strings.Builder
		for row := range io["labels"].Shape()[0] {
			fmt.Fprintf(&pairs, "%s\t%s\n", text("input_ids", row), text("labels", row))
			fmt.Fprintf(&sources, "%s\t%s\n", text("input_ids", row)[1:], text("labels", row))
		}
		want := fmt.Sprintf("loss %.4f ", io["loss"].Float32s()[0])
		path := filepath.Join(t.TempDir(), "pairs.tsv")
		if err := os.WriteFile(path, []byte(pairs.String()), 0o666); err != nil {
			t.Fatal(err)
		}
		args := "eval -held-out 1 -tokens 5 -model " + dir + " -data " + path
		if got := command(t, args); !strings.HasPrefix(got, want) || !strings.Contains(got, " pairs 3\nexact ") {
			t.Errorf("%s: got %q, want %q and 3 pairs", name, got, want)
		}
		if got := command(t, args+" -beam 3 -limit 2"); !strings.Contains(got, " pairs 2\nexact 0.0000 by 3 beams\nBLEU|") {
			t.Errorf("%s: got %q, want 2 pairs and 3 beams", name, got)
		}
		prefixed := filepath.Join(t.TempDir(), "prefixed.tsv") // -prefix puts back the first characters of one source
		first := text("input_ids", 0)
		for path, line := range map[string]string{prefixed: first[3:], path: first} {
			if err := os.WriteFile(path, []byte(line+"\t"+text("labels", 0)+"\n"), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		one := command(t, args)
		if got := command(t, strings.Replace(args, path, prefixed, 1)+" -prefix "+first[:3]); got != one {
			t.Errorf("%s: got %q with a prefix, want %q", name, got, one)
		}
		long := command(t, "generate -scores -tokens 5 -model "+dir+" -prompt "+first)
		if got := command(t, "generate -scores -tokens 5 -model "+dir+" -prefix "+first[:3]+" -prompt "+first[3:]); got != long {
			t.Errorf("%s: got %q with a prefix, want %q", name, got, long)
		}
	}
}

// TestT5: a T5 learns, and its folder continues in another run with the same sizes.
func TestT5(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("pairs.tsv", []byte(strings.Repeat("one\t1\ntwo\t2\nthree\t3\nfour\t4\n", 20)), 0o666); err != nil {
		t.Fatal(err)
	}
	sizes := "-layers 1 -heads 2 -dim 16 -hidden 32 "
	for _, family := range families {
		out := "run-" + family
		command(t, "train -family "+family+" -prefix => -data pairs.tsv -batch 8 -steps 60 -eval-every 60 -sample-every 30 -lr 1e-2 -out "+out+" "+sizes)
		if got := command(t, "eval -model "+out); !strings.Contains(got, "exact 1.0000 by greedy search\n") {
			t.Errorf("%s: got %q, want all targets", family, got)
		}
		want := command(t, "generate -scores -model "+out+" -prompt two") // with the run's prefix
		if !strings.HasSuffix(want, "\t2\n") {
			t.Errorf("%s: got %q, want 2", family, want)
		}
		if got := command(t, "generate -scores -model "+out+" -prompt two -prefix ="); got == want {
			t.Errorf("%s: got %q with another prefix", family, got)
		}
		again := out + "-again"
		command(t, "train -init "+out+" -prefix => -data pairs.tsv -batch 8 -steps 1 -lr 1e-9 -eval-every 1 -dropout 0.25 -out "+again)
		if got := command(t, "generate -scores -model "+again+" -prompt two"); got != want {
			t.Errorf("%s: got %q after -init, want %q", family, got, want)
		}
		command(t, "train -resume -steps 2 -out "+again)
		was, now := config(t, out), config(t, again)
		for _, key := range []string{"dropout", "dropout_rate"} {
			if was[key] != nil && now[key] != 0.25 {
				t.Errorf("%s: got %s %v, want 0.25", family, key, now[key])
			}
			delete(was, key)
			delete(now, key)
		}
		if fmt.Sprint(was) != fmt.Sprint(now) {
			t.Errorf("%s: got configuration %v after -init, want %v", family, now, was)
		}
	}
	for args, want := range map[string]string{
		"-layers 2":           "-layers is 2, the model of -init run-t5 has 1",
		"-heads 1":            "-heads is 1, the model of -init run-t5 has 2",
		"-family transformer": "-family is transformer, the model of -init run-t5 is of family t5",
		"-norm-first=false":   "-norm-first is false, the model of -init run-t5 has true",
		"-tokenizer word":     "-tokenizer: the model of -init run-t5 has its own tokenizer",
		"-lower":              "-lower: the model of -init run-t5 has its own tokenizer",
	} {
		_, err := said("train -init run-t5 -data pairs.tsv -out other " + args)
		wantError(t, err, want)
	}
}

// config returns the configuration of the model in a folder.
func config(t *testing.T, dir string) (keys map[string]any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "config.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &keys); err != nil {
		t.Fatal(err)
	}
	return keys
}

// TestNoEncoderDecoder: a folder of another kind of model is an error that names its kind.
func TestNoEncoderDecoder(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("config.json", []byte(`{"model_type": "gpt2"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"generate -model . -prompt 1", "eval -model . -data config.json -held-out 1 -separator :", "train -init . -data config.json -out out"} {
		_, err := said(args)
		wantError(t, err, `model_type is "gpt2"`, "want transformer or t5")
	}
}

// TestLower: the tokenizer of a model trained with -lower ignores case everywhere.
func TestLower(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("pairs.tsv", []byte(strings.Repeat("Ab C\tX Yz\nab c\tx yZ\n", 20)), 0o666); err != nil {
		t.Fatal(err)
	}
	command(t, "train -lower -data pairs.tsv -steps 60 -lr 1e-2 -out run -tokenizer bpe -vocab 300 "+strings.Replace(tiny, "-eval-every 2", "-eval-every 60", 1))
	var w strings.Builder
	if err := program(&w).Run([]string{"generate", "-model", "run", "-prompt", "AB c"}, &w); err != nil || w.String() != "x yz\n" {
		t.Errorf("got %q (%v), want x yz", w.String(), err)
	}
	got := command(t, "eval -model run -output results")
	if !strings.Contains(got, "exact 1.0000 by greedy search\nBLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp = ") || !strings.Contains(got, "case:lc|eff:no|tok:13a|smooth:exp = 0.00 100.0/100.0/0.0/0.0 ") {
		t.Errorf("got %q, want exact results and lower-case precisions of 100", got)
	}
	if text, err := os.ReadFile("results"); err != nil || string(text) != strings.Repeat("x yz\n", 4) {
		t.Errorf("got results %q (%v), want four lines", text, err)
	}
}
