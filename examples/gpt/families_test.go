package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// tiny holds the flags of a run of a fraction of a second. Its rate is constant, so that it does not depend on -steps.
const tiny = "train -data text.txt -tokenizer char -layers 1 -heads 4 -dim 16 -context 8 -batch 2 -eval-every 2 -lr 1e-3 -min-lr 1e-3 "

// tinyOf returns tiny without the flags that a family lacks.
func tinyOf(family string) string {
	if families[family].recurrent {
		return strings.Replace(tiny, "-heads 4 ", "", 1)
	}
	return tiny
}

// sameFiles reports an error for each file that differs between two runs.
func sameFiles(t *testing.T, a, b string, names ...string) {
	t.Helper()
	for _, name := range names {
		x, err := os.ReadFile(filepath.Join(a, name))
		if err != nil {
			t.Fatal(err)
		}
		y, err := os.ReadFile(filepath.Join(b, name))
		if err != nil || !bytes.Equal(x, y) {
			t.Errorf("%s differs between %s and %s (%v)", name, a, b, err)
		}
	}
}

// TestFamilies: a model of every family is trained, resumed bit for bit, scored, used as -init and continued. With other positions or
// cells than the usual ones it is trained, scored and continued. With -short, only a Llama is resumed and used as -init.
func TestFamilies(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 6))
	for name, f := range families {
		choices, choice := f.positions, "positions"
		if f.recurrent {
			choices, choice = []string{"lstm", "gru"}, "cell"
		}
		for i, value := range choices {
			flags := fmt.Sprintf("-family %s -%s %s -dropout 0.1 ", name, choice, value)
			if f.groups {
				flags += "-kv-heads 2 "
			}
			t.Run(name+" "+value, func(t *testing.T) {
				out := filepath.Join(t.TempDir(), "run")
				if err := gpt(tinyOf(name) + flags + "-steps 3 -out " + out); err != nil {
					t.Fatal(err)
				}
				tryFamily(t, out, name, value)
				if i == 0 && (sweep.All() || name == "llama") {
					tryRuns(t, out, tinyOf(name)+flags)
				}
			})
		}
	}
}

// tryRuns resumes a run with the flags of that in the folder alone, and begins and resumes one from its model.
func tryRuns(t *testing.T, alone, flags string) {
	run, again := filepath.Join(t.TempDir(), "run"), filepath.Join(t.TempDir(), "again")
	for _, args := range []string{
		flags + "-steps 2 -out " + run,
		"train -resume -steps 3 -out " + run,
		"train -data text.txt -batch 2 -steps 1 -eval-every 2 -lr 0 -init " + run + " -out " + again,
		"train -resume -steps 2 -out " + again,
	} {
		if err := gpt(args); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
	}
	last := "checkpoints/step-00000003/"
	sameFiles(t, alone, run, "model.safetensors", "config.json", last+"model.safetensors", last+"optimizer.safetensors", last+"trainer_state.json")
	sameFiles(t, run, again, "model.safetensors", "config.json")
}

// tryFamily opens, scores and continues a trained model.
func tryFamily(t *testing.T, run, name, choice string) {
	m, err := folder.Open(run)
	if err != nil {
		t.Fatal(err)
	}
	heads := 4
	if families[name].recurrent {
		heads = 0
	}
	if family, _ := familyOf(m); family != name || positionsOf(m)+m.Cell != choice || m.Layers != 1 || m.Heads != heads || m.Window() != 8 {
		t.Errorf("got %+v, want family %s with %s", m, name, choice)
	}
	if families[name].groups && m.KVHeads != 2 {
		t.Errorf("got %d heads of keys, want 2", m.KVHeads)
	}
	if text, err := said("eval -model " + run + " -data text.txt"); err != nil || !strings.HasSuffix(text, "tokens 269\n") {
		t.Errorf("eval: got %q (%v), want 269 tokens", text, err)
	}
	if text, err := said("generate -prompt the -tokens 9 -model " + run); err != nil || !strings.HasPrefix(text, "the") || len(text) != len("the")+9+1 {
		t.Errorf("generate: got %q (%v), want 9 characters after the prompt", text, err)
	}
}

// TestFamilyRefused: flags that do not suit the family, or the model of -init, are named in one line.
func TestFamilyRefused(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 6))
	if err := gpt(tiny + "-steps 1 -out gpt2"); err != nil {
		t.Fatal(err)
	}
	if err := gpt(tiny + "-steps 1 -family qwen3 -kv-heads 2 -out qwen3"); err != nil {
		t.Fatal(err)
	}
	if err := gpt(tinyOf("rnn") + "-steps 1 -family rnn -out rnn"); err != nil {
		t.Fatal(err)
	}
	for args, words := range map[string]string{
		tiny + "-family lama":                                   `-family is "lama"|bloom, gemma2, gemma3, gpt2, llama, mistral, mpt, qwen2, qwen3, rnn`,
		tiny + "-family=":                                       `-family is ""`,
		tiny + "-positions=":                                    `-positions is ""`,
		tiny + "-positions sinusoidal":                          `-positions is "sinusoidal"|sinusoid`,
		tiny + "-family llama -positions learned":               "-positions is learned, family llama has only rope|-family gpt2",
		tiny + "-family bloom -positions rope":                  "-positions is rope, family bloom has only alibi",
		tiny + "-kv-heads 2":                                    "-kv-heads is 2, family gpt2|-family llama",
		tiny + "-family llama -kv-heads 3":                      "-kv-heads is 3|-heads, which is 4",
		tiny + "-family llama -kv-heads -1":                     "-kv-heads is -1, want at least 0",
		tiny + "-family llama -kv-heads 8":                      "-kv-heads is 8|-heads, which is 4",
		tiny + "-family llama -dim 12":                          "-dim is 12|-heads|rope wants an even number",
		tiny + "-positions rope -dim 12":                        "-dim is 12|3 channels",
		tiny + "-family mistral -dim 10":                        "Dim 10 does not divide into 4 Heads",
		tiny + "-family llama -freeze wte.**":                   `"wte.**"|model.embed_tokens.weight and model.layers.0.`,
		tiny + "-family rnn":                                    "-heads is 4, family rnn has none: leave the flag out",
		tinyOf("rnn") + "-family rnn -kv-heads 1":               "-kv-heads is 1, family rnn has none",
		tinyOf("rnn") + "-family rnn -positions rope":           "-positions is rope, family rnn has none",
		tinyOf("rnn") + "-family rnn -cell elman":               `-cell is "elman", want one of gru, lstm`,
		tinyOf("rnn") + "-cell gru":                             "-cell is gru, family gpt2 has none|-family rnn",
		tinyOf("rnn") + "-family rnn -freeze wte.**":            "encoder.weight and rnn.",
		"train -data text.txt -init rnn -heads 4":               "-heads is 4, family rnn has none",
		"train -data text.txt -init rnn -cell gru":              "-cell is gru, the model in rnn has lstm",
		"train -data text.txt -init rnn -family gpt2":           "-family is gpt2, the model in rnn has rnn",
		"train -data text.txt -init qwen3 -cell gru":            "-cell is gru, family qwen3 has none",
		"train -resume -steps 2 -cell gru -out rnn":             "-cell is lstm in the run and gru here",
		"train -data text.txt -init qwen3 -family llama":        "-family is llama, the model in qwen3 has qwen3: leave the flag out",
		"train -data text.txt -init qwen3 -positions none":      "-positions is none, the model in qwen3 has rope",
		"train -data text.txt -init qwen3 -kv-heads 4":          "-kv-heads is 4, the model of -init qwen3 has 2",
		"train -data text.txt -init gpt2 -kv-heads 2":           "-kv-heads is 2, the model of -init gpt2 has 4",
		"train -resume -steps 2 -family llama -out gpt2":        "-family is gpt2 in the run and llama here",
		"train -resume -steps 2 -positions rope -out gpt2":      "-positions is learned in the run and rope here",
		"train -resume -steps 2 -kv-heads 4 -out qwen3":         "-kv-heads is 2 in the run and 4 here",
		"train -data text.txt -init gpt2 -out out -family nope": "-family is nope",
	} {
		if !strings.Contains(args, "-out") {
			args += " -out out"
		}
		wantError(t, gpt(args), strings.Split(words, "|")...)
		if _, err := os.Stat("out"); err == nil {
			t.Fatalf("%s leaves a folder", args)
		}
	}
}

func configOf(t *testing.T, m models.Model) string {
	t.Helper()
	config, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(config)
}

// TestOtherKinds: a model that does not predict the next token is refused, and so is a file that does not fit its config.json.
func TestOtherKinds(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 6))
	if err := gpt(tiny + "-steps 1 -family llama -out llama"); err != nil {
		t.Fatal(err)
	}
	for config, words := range map[string]string{
		`{"model_type": "bert"}`: `"bert"|llama`,
		`{}`:                     "model_type is missing|llama",
		configOf(t, models.Seq2Seq{SourceVocab: 9, TargetVocab: 9, EncoderLayers: 1, DecoderLayers: 1, Heads: 1, Dim: 4, Hidden: 4, Source: 4, Target: 4}): `"transformer", which is no causal language model|gemma2`,
		configOf(t, models.Classifier{Vocab: 9, Context: 4, Heads: 1, Dim: 4, Labels: []string{"a", "b"}}):                                                 "which is no causal language model",
		"{\"model_type\":":                           "config.json",
		"\xff\xfe{\x00}\x00":                         "config.json|UTF-16",
		`{"architectures": ["BertForMaskedLM"]}`:     `"bert", which is no causal language model|lstm`,
		`{"model_type": "llama", "hidden_size": ""}`: "hidden_size",
	} {
		if err := os.WriteFile("llama/config.json", []byte(config), 0o666); err != nil {
			t.Fatal(err)
		}
		for _, args := range []string{"train -data text.txt -out out -init llama", "generate -prompt the -model llama", "eval -data text.txt -model llama"} {
			wantError(t, gpt(args), strings.Split(words, "|")...)
		}
	}
	for family, missing := range map[string]string{"qwen3": "q_norm", "gemma2": "feedforward_layernorm", "qwen2": "q_proj.bias"} {
		if err := gpt(tiny + "-steps 1 -out other -family " + family); err != nil {
			t.Fatal(err)
		}
		config, err := os.ReadFile("other/config.json")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("llama/config.json", config, 0o666); err != nil {
			t.Fatal(err)
		}
		for _, args := range []string{"train -data text.txt -out out -init llama", "generate -prompt the -model llama", "eval -data text.txt -model llama"} {
			wantError(t, gpt(args), "llama", missing)
		}
		if err := os.RemoveAll("other"); err != nil {
			t.Fatal(err)
		}
	}
}
