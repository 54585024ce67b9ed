package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const packedLoRA = "train -data text.txt -batch 4 -steps 6 -eval-every 3 -eval-tokens 80 -lr 0.02 -context 16 -lora r=2,dropout=0.1 "

// adapterAgain loses the last steps of a run, resumes it, and compares the adapter with that of the uninterrupted run.
func adapterAgain(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "adapter_model.safetensors")
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"checkpoints/step-00000006", "adapter_model.safetensors", "adapter_config.json", "config.json"} {
		if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	if err := gpt("train -resume -out " + dir); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s differs from the file of the uninterrupted run (%v)", file, err)
	}
}

// TestLoRAOverPacked: an adapter learns over a base in few bits about as well as over float32. It resumes bit for bit. It opens over the base in
// few bits, where it stays apart, over float32, and merged.
func TestLoRAOverPacked(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 20))
	if err := gpt("train -data text.txt -tokenizer char -layers 2 -heads 2 -dim 32 -context 16 -batch 8 -steps 12 -lr 1e-2 -out base"); err != nil {
		t.Fatal(err)
	}
	before := lossOf(t, "-model base -data text.txt")
	losses := map[string]float64{}
	for _, w := range []string{"f32", "bf16", "q8_0", "q4_0"} {
		if err := gpt(packedLoRA + "-init base -weights " + w + " -out " + w); err != nil {
			t.Fatal(err)
		}
		losses[w] = lossOf(t, "-data text.txt -model "+w+" -weights "+w)
		if other := lossOf(t, "-data text.txt -model base -adapter "+w+" -weights "+w); other != losses[w] {
			t.Errorf("%s: got loss %v with -adapter, want %v", w, other, losses[w])
		}
		if whole := lossOf(t, "-data text.txt -model "+w); !(math.Abs(whole-losses[w]) <= 0.1*whole) || !(losses[w] < before) {
			t.Errorf("%s: loss %v, merged into float32 %v, of the base %v", w, losses[w], whole, before)
		}
		if text := answer(t, w, "the quick", "-tokens", "5", "-weights", w); !strings.HasPrefix(text, "the quick") {
			t.Errorf("%s: got %q", w, text)
		}
		if w != "f32" {
			adapterAgain(t, w)
		}
	}
	for w, tol := range map[string]float64{"bf16": 0.01, "q8_0": 0.02, "q4_0": 0.1} {
		if !(math.Abs(losses[w]-losses["f32"]) <= tol*losses["f32"]) {
			t.Errorf("%s: loss %v, over float32 %v", w, losses[w], losses["f32"])
		}
	}
	if err := gpt("merge -model q4_0 -out merged"); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"train -data text.txt -init base -weights q8_0":                     "-weights is q8_0, but without -lora all weights are trained",
		packedLoRA + "-init q8_0 -weights q8_0 -out bad":                    "-weights is q8_0, but q8_0 is an adapter of",
		packedLoRA + "-init base -weights q9 -out bad":                      `-weights is "q9": unknown type "q9", want one of`,
		packedLoRA + "-init base -weights q8_0 -out bad -watch=localhost:0": "-watch is",
		"train -resume -out q8_0 -weights q4_0":                             "-weights is q8_0 in the run and q4_0 here",
		"eval -data text.txt -model q8_0 -adapter q4_0 -weights q8_0":       "which takes one adapter",
		"eval -data text.txt -model merged -adapter q4_0 -weights q8_0":     "trained on a base model of checksum",
	} {
		if err := gpt(args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got error %v, want one with %q", args, err, want)
		}
	}
}

// TestLoRAOverGGUF: the base may be a GGUF file, whose matrices stay in its types.
func TestLoRAOverGGUF(t *testing.T) {
	dir, err := filepath.Abs(published(t, "tinystories-656k"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "model-q8_0.gguf")
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat("Once upon a time, a little girl named Lily went to the park.\n", 10))
	if err := gpt(packedLoRA + "-out run -init " + file); err != nil {
		t.Fatal(err)
	}
	before, after := lossOf(t, "-batch 2 -data text.txt -model "+file), lossOf(t, "-batch 2 -data text.txt -model run")
	if !(after < before) {
		t.Errorf("got loss %v, want less than the base's %v", after, before)
	}
	if other := lossOf(t, "-batch 2 -data text.txt -adapter run -model "+file); other != after {
		t.Errorf("got loss %v with -adapter, want %v", other, after)
	}
	if whole := lossOf(t, "-batch 2 -data text.txt -weights f32 -model run"); !(math.Abs(whole-after) <= 0.02*whole) {
		t.Errorf("got loss %v in float32, over Q8_0 %v", whole, after)
	}
	adapterAgain(t, "run")
}
