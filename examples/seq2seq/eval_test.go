package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestEvalOfRun: without -data, eval scores the held-out pairs of the run, with the run's -held-out.
func TestEvalOfRun(t *testing.T) {
	out, data := filepath.Join(t.TempDir(), "model"), pairsFile(t, 100)
	command := func(line string) (string, error) {
		var said bytes.Buffer
		err := program(&said).Run(strings.Fields(line), &said)
		return said.String(), err
	}
	if _, err := command("train -data " + data + " -held-out 0.2 -layers 1 -dim 16 -hidden 16 -heads 2 -batch 4 -steps 4 -eval-every 2 -out " + out); err != nil {
		t.Fatal(err)
	}
	want, err := command("eval -batch 4 -held-out 0.2 -model " + out + " -data " + data)
	if err != nil || !strings.Contains(want, "pairs 20\n") {
		t.Fatalf("got %q (%v), want 20 pairs", want, err)
	}
	for _, model := range []string{out, filepath.Join(out, "checkpoints", "step-00000004")} {
		if got, err := command("eval -batch 4 -model " + model); err != nil || got != want {
			t.Errorf("%s: got %q (%v), want %q", model, got, err, want)
		}
	}
	if got, err := command("eval -batch 4 -held-out 0.1 -model " + out); err != nil || !strings.Contains(got, "pairs 10\n") {
		t.Errorf("-held-out alone: got %q (%v), want 10 pairs of the run's data", got, err)
	}
	os.Remove(filepath.Join(out, "run.json"))
	if got, err := command("eval -model " + out); err == nil || !strings.Contains(err.Error(), "-data is missing") {
		t.Errorf("no run: got %q (%v), want an error that asks for -data", got, err)
	}
}
