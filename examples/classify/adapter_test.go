package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
)

const tune = "train -data reviews.tsv -batch 16 -steps 150 -eval-every 75 -lr 3e-2 -lora r=2,targets=all "

// TestLoRA: an adapter of each family learns the rule with a head of its own. Its folder has no base. It scores the same merged, and a run that
// lost its last steps repeats them bit for bit.
func TestLoRA(t *testing.T) {
	inReviews(t)
	for _, family := range encoders.Families {
		base, dir, merged := family+"-base", family, family+"-merged"
		pretrained(t, family, base)
		if err := classify(tune + "-init " + base + " -out " + dir); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(filepath.Join(dir, "model.safetensors")); err == nil {
			t.Errorf("%s: the folder of the adapter has a whole model", family)
		}
		config, err := os.ReadFile(filepath.Join(dir, "adapter_config.json"))
		if err != nil || !strings.Contains(string(config), `"classifier"`) {
			t.Errorf("%s: got %s (%v), want the classifier in modules_to_save", family, config, err)
		}
		score, err := said("eval -model " + dir)
		if err != nil || !strings.Contains(score, "accuracy 1.0000") {
			t.Errorf("%s: got %q (%v), want all right", family, score, err)
		}
		if err := classify("merge -model " + dir + " -out " + merged); err != nil {
			t.Fatal(err)
		}
		whole, err := said("eval -data reviews.tsv -model " + merged)
		if parts, e := said("eval -data reviews.tsv -model " + dir); err != nil || e != nil || whole != parts {
			t.Errorf("%s: merged scores %q (%v), the adapter %q (%v)", family, whole, err, parts, e)
		}
		if got, err := ask(dir, "film number 3 is poor"); err != nil || !strings.HasPrefix(got, "bad\t") {
			t.Errorf("%s: got %q (%v), want bad", family, got, err)
		}
		resumes(t, dir)
	}
}

// resumes loses the last checkpoint of a run and resumes it.
func resumes(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(dir, "adapter_model.safetensors")
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"checkpoints/step-00000150", "adapter_model.safetensors", "adapter_config.json", "config.json"} {
		if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	if err := classify("train -resume -out " + dir); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s differs from the file of the uninterrupted run (%v)", file, err)
	}
}

// TestLoRAErrors: each error names the remedy.
func TestLoRAErrors(t *testing.T) {
	inReviews(t)
	pretrained(t, "bert", "base")
	if err := classify(strings.Replace(tune, "150 -eval-every 75", "1 -eval-every 1", 1) + "-init base -out tuned"); err != nil {
		t.Fatal(err)
	}
	wantError(t, classify("train -data reviews.tsv -lora r=2"), "there is no model to adapt", "-init")
	wantError(t, classify("train -data reviews.tsv -init tuned"), "an adapter of another model", "merge -model tuned")
	wantError(t, classify("merge -model base -out x"), `-model is "base", which is no adapter`)
	wantError(t, classify("merge -model tuned"), "-out is missing")
	wantError(t, classify("merge -model tuned -out base"), `-out is "base", which exists`)
	wantError(t, classify("merge -model tuned -out tuned"), `-out is "tuned", the folder that is merged`)
	if err := os.Rename("base", "moved"); err != nil {
		t.Fatal(err)
	}
	wantError(t, classify("eval -model tuned"), "has the base model", "which is no folder here")
}
