package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
)

// TestLoRA: an adapter of each family lowers the loss. Its folder has no base. It scores the same merged, and a run that lost its last steps
// repeats them bit for bit.
func TestLoRA(t *testing.T) {
	inNumbers(t)
	for _, family := range encoders.Families {
		base, dir := family+"-base", family
		for _, args := range []string{
			"train -data numbers.tsv -column 0 -steps 20 -eval-every 20 -family " + family + " -out " + base + " " + small,
			"train -data numbers.tsv -column 0 -steps 60 -eval-every 30 -batch 16 -dropout 0 -lr 3e-2 -lora r=2 -init " + base + " -out " + dir,
			"merge -model " + dir + " -out " + dir + "-merged",
		} {
			if _, err := mlm(args); err != nil {
				t.Fatalf("%s: %v", args, err)
			}
		}
		var scores []string
		for _, model := range []string{base, dir, dir + "-merged"} {
			score, err := mlm("eval -data numbers.tsv -column 0 -model " + model)
			if err != nil {
				t.Fatal(err)
			}
			scores = append(scores, score)
		}
		if scores[1] != scores[2] || scores[1] >= scores[0] {
			t.Errorf("%s: got scores %q of the base, the adapter and the merged model, want a lower loss and twice the same", family, scores)
		}
		file := filepath.Join(dir, "adapter_model.safetensors")
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"checkpoints/step-00000060", "adapter_model.safetensors", "adapter_config.json", "config.json"} {
			if err := os.RemoveAll(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := mlm("train -resume -out " + dir); err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from the file of the uninterrupted run (%v)", file, err)
		}
	}
	_, err := mlm("train -data numbers.tsv -column 0 -init bert -out x")
	wantError(t, err, "an adapter of another model", "merge -model bert")
	if got, err := mlm("fill -n 1 -model bert -text one_[MASK]_three"); err != nil || !strings.Contains(got, "\t") {
		t.Errorf("got %q (%v), want a word", got, err)
	}
}
