package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
)

// TestResume: a run that ends halfway and is resumed by -out alone has the files of a run in one piece.
func TestResume(t *testing.T) {
	inBars(t)
	args := barFlags + "-min-lr 5e-3 -warmup 0 -dropout 0.1 -flip -shift 2 -size 16 "
	for _, args := range []string{"train -eval-every 5 -out whole -steps 20 " + args, "train -eval-every 5 -out half -steps 10 " + args, "train -resume -out half -steps 20"} {
		mustRun(t, args)
	}
	for _, name := range []string{"config.json", "preprocessor_config.json", "checkpoints/step-00000020/model.safetensors", "checkpoints/step-00000020/optimizer.safetensors"} {
		a, err := os.ReadFile(filepath.Join("whole", filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join("half", filepath.FromSlash(name)))
		if err != nil || !bytes.Equal(a, b) {
			t.Errorf("%s of the resumed run differs (%v)", name, err)
		}
	}
	_, err := vision("train -resume -out half -patch 2")
	wantError(t, err, "-patch is 4 in the run and 2 here")
	labels, err := os.ReadFile("labels.idx")
	if err != nil {
		t.Fatal(err)
	}
	labels[8] ^= 1
	writeFile(t, "labels.idx", labels)
	_, err = vision("train -resume -out half -steps 30")
	wantError(t, err, "data")
	_, err = vision("eval -model half")
	wantError(t, err, "they have changed")
}

func TestOtherFolder(t *testing.T) {
	inBars(t)
	flagstest.OtherFolder(t, program, barFlags+"-test-images images.idx -test-labels labels.idx")
}

func TestDryRun(t *testing.T) {
	inBars(t)
	mustRun(t, "train -dry-run -out plan -steps 100 "+barFlags)
	if _, err := os.Stat("plan"); err == nil {
		t.Error("a dry run left a folder")
	}
}

// TestWrapped: folders with the names that wrappers of PyTorch give open.
func TestWrapped(t *testing.T) {
	inBars(t)
	mustRun(t, "train -out model -steps 2 -eval-every 2 "+barFlags)
	want := mustRun(t, "predict -model model -images images.idx")
	for dir := range flagstest.Wrapped(t, "model") {
		if got := mustRun(t, "predict -images images.idx -model "+dir); got != want {
			t.Errorf("%s: got %q, want %q", dir, got, want)
		}
	}
}
