package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

const (
	trainBase = "train -data text.txt -tokenizer char -layers 2 -heads 2 -dim 16 -context 8 -batch 2 -steps 4 -eval-every 4 -seed "
	trainLoRA = "train -data text.txt -init base -batch 2 -steps 6 -eval-every 3 -eval-tokens 80 -lr 0.05 -lora r=2,dropout=0.1,targets=attn+c_fc"
)

// tuned makes the folders base, other (a base of another seed) and tuned, an adapter of base, in a temporary folder, which it enters.
func tuned(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat("the quick brown fox jumps over the lazy dog\n", 12))
	for _, args := range []string{trainBase + "1 -out base", trainBase + "2 -out other", trainLoRA + " -out tuned"} {
		if err := gpt(args); err != nil {
			t.Fatalf("%s: %v", args, err)
		}
	}
}

// TestLoRA trains an adapter. Its folder and its checkpoints hold only the adapter. It opens with and without its base, and merged.
func TestLoRA(t *testing.T) {
	tuned(t)
	for _, name := range []string{"tuned/model.safetensors", "tuned/checkpoints/step-00000003/model.safetensors"} {
		if _, err := os.Stat(name); err == nil {
			t.Errorf("%s exists, want only the adapter", name)
		}
	}
	if err := gpt("merge -model tuned -out merged"); err != nil {
		t.Fatal(err)
	}
	base, err := said("eval -batch 2 -data text.txt -model base")
	if err != nil {
		t.Fatal(err)
	}
	score, err := said("eval -batch 2 -data text.txt -model tuned")
	if err != nil || score == base {
		t.Errorf("the adapter scores %q, its base %q (%v)", score, base, err)
	}
	best, err := checkpoints.Run{Dir: "tuned/checkpoints"}.Best()
	if err != nil {
		t.Fatal(err)
	}
	for _, model := range []string{"base -adapter tuned", "merged", best.Dir} {
		if got, err := said("eval -batch 2 -data text.txt -model " + model); err != nil || got != score {
			t.Errorf("%s scores %q (%v), want %q", model, got, err, score)
		}
	}
	if a, b := answer(t, "tuned", "the", "-tokens", "8"), answer(t, "base", "the", "-tokens", "8", "-adapter", "tuned"); a != b {
		t.Errorf("got %q from -adapter, want %q", b, a)
	}
	if err := gpt(strings.Replace(trainLoRA, "base", "tuned", 1) + " -out again"); err != nil { // an adapter of an adapter
		t.Fatal(err)
	}
	if got, err := said("eval -batch 2 -data text.txt -model again"); err != nil || got == score {
		t.Errorf("an adapter of an adapter scores %q (%v), as the first", got, err)
	}
}

// TestLoRAResumes: a run that lost its last steps repeats them bit for bit. It ends if its base has changed.
func TestLoRAResumes(t *testing.T) {
	tuned(t)
	files := []string{"tuned/adapter_model.safetensors", "tuned/checkpoints/step-00000006/optimizer.safetensors", "tuned/checkpoints/step-00000006/adapter_model.safetensors"}
	want := map[string][]byte{}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		want[name] = text
	}
	lose := func() {
		for _, name := range []string{"tuned/checkpoints/step-00000006", "tuned/adapter_model.safetensors", "tuned/adapter_config.json", "tuned/config.json"} {
			if err := os.RemoveAll(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	lose()
	if err := gpt("train -resume -out tuned"); err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if text, err := os.ReadFile(name); err != nil || !bytes.Equal(text, want[name]) {
			t.Errorf("%s differs from the file of the uninterrupted run (%v)", name, err)
		}
	}
	lose()
	text, err := os.ReadFile("other/model.safetensors")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("base/model.safetensors", text, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := gpt("train -resume -out tuned"); err == nil || !strings.Contains(err.Error(), "trained on a base model of checksum") {
		t.Errorf("got error %v with another base, want one with its checksum", err)
	}
}

// TestLoRARate: with -lora the default of -lr is higher. A rate on the command line stays.
func TestLoRARate(t *testing.T) {
	for _, c := range []struct {
		lora  string
		given bool
		want  float64
	}{{"", false, 1e-3}, {"r=2", false, 1e-2}, {"r=2", true, 1e-3}} {
		o := defaults()
		f := flags.NewSet("train")
		o.flags(f)
		args := map[string]string{}
		if c.lora != "" {
			args["lora"] = c.lora
		}
		if c.given {
			args["lr"] = "1e-3"
		}
		for name, value := range args {
			if err := f.FlagSet.Set(name, value); err != nil {
				t.Fatal(err)
			}
		}
		if o.note(); o.LR != c.want {
			t.Errorf("-lora %q, -lr given %t: got rate %g, want %g", c.lora, c.given, o.LR, c.want)
		}
	}
}

// TestLoRAErrors: bad settings and folders have one line with both values.
func TestLoRAErrors(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "train -lora r=2", Words: "-lora is r=2|no model to adapt|-init"},
		{Args: "train -lora r=0", Words: "-lora|Rank is 0, want at least 1"},
		{Args: "train -lora r=x", Words: "-lora|r is \"x\", want a whole number"},
		{Args: "train -lora alpha=0", Words: "-lora|Alpha is 0, want a finite number above 0"},
		{Args: "train -lora rank=2", Words: "-lora|\"rank=2\" is no setting, want r=, alpha="},
		{Args: "train -lora r=2,r=3", Words: "-lora|r is given twice"},
		{Args: "train -lora rs=2", Words: "-lora|rs is \"2\", want no value"},
		{Args: "train -lora targets=", Words: "-lora|target \"\"|it is empty"},
		{Args: "generate -adapter missing -model .", Words: "config.json"},
		{Args: "merge", Words: "-out is missing"},
		{Args: "merge -out x", Words: "-model is \"\""},
	})
	tuned(t)
	other := trainLoRA + " -out bad"
	for args, want := range map[string]string{
		strings.Replace(other, "attn+c_fc", "query", 1):   `-lora: layers: LoRA: target "query" selects no linear layer: want all, attn or names among c_attn, c_proj, c_fc`,
		strings.Replace(other, "r=2", "r=17", 1):          "rank 17 exceeds the smaller side of the 48×16 weight: want at most 16",
		"eval -data text.txt -model other -adapter tuned": "trained on a base model of checksum",
		"eval -data text.txt -model base -adapter other":  `-adapter is "other", which has no adapter_config.json`,
		"merge -model base -out merged":                   `-model is "base", which is no adapter`,
		"merge -model tuned -out other":                   `-out is "other", which exists`,
		"merge -model tuned -out tuned":                   `-out is "tuned", the folder that is merged`,
		"merge -model tuned":                              "-out is missing",
		"merge -model tuned -out base":                    `-out is "base", which exists`,
		"train -resume -out tuned -lora r=3":              "-lora is r=2,dropout=0.1,targets=attn+c_fc in the run and r=3 here",
	} {
		if err := gpt(args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", args, err, want)
		}
	}
}

// TestDamagedAdapter changes adapter_config.json: each change is an error that names it.
func TestDamagedAdapter(t *testing.T) {
	tuned(t)
	config := filepath.Join("tuned", "adapter_config.json")
	text, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	for change, want := range map[[2]string]string{
		{`"r": 2`, `"r": 3`}:                       "in the file, [3 ",
		{`"mlp.c_fc"`, `"mlp.c_fc", "mlp.c_proj"`}: "4 missing in the file",
		{`"mlp.c_fc"`, `"q_proj"`}:                 `target "q_proj" selects no linear layer`,
		{`/base"`, `/gone"`}:                       "which is no folder here: give the base with -model and the adapter with -adapter",
		{`"LORA"`, `"IA3"`}:                        "peft_type is IA3, want LORA",
	} {
		changed := strings.Replace(string(text), change[0], change[1], 1)
		if changed == string(text) {
			t.Fatalf("%s is not in %s", change[0], text)
		}
		if err := os.WriteFile(config, []byte(changed), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := gpt("eval -data text.txt -model tuned"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got error %v, want one with %q", change, err, want)
		}
	}
}
