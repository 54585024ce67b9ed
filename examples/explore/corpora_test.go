package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/corpora"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// TestCorpusBatches: a run on prepared corpora has the batches of its data, and none once the data have changed.
func TestCorpusBatches(t *testing.T) {
	dir := t.TempDir()
	text := filepath.Join(dir, "text.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("the quick brown fox\njumps over\n", 40)), 0o666); err != nil {
		t.Fatal(err)
	}
	tok, err := trainer.BPE{VocabSize: 270, Special: []string{"<end>"}}.TrainFiles(text)
	if err != nil {
		t.Fatal(err)
	}
	shards := filepath.Join(dir, "shards")
	p := data.Preparation{
		Documents: data.Documents{Paths: []string{text}, Formats: map[string]data.Format{"": data.Lines{}}}, Encoder: tok, Fingerprint: "test", End: 0, Unknown: -1,
		Out: shards, ShardSize: 1000, HeldOut: 0.2,
	}
	if _, err := p.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	c, err := corpora.Open(shards, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, packed := range []string{"false", "true"} {
		flags := map[string]string{"data": shards, "mix": "", "pack": packed, "batch": "2", "context": "16", "seed": "3"}
		want, err := c.Batches(2, 16, packed == "true", 3).Batch(5)
		if err != nil {
			t.Fatal(err)
		}
		have := batches(dir, record{Program: "gpt", Flags: flags, Data: c.Key})
		if have == nil {
			t.Fatal("no batches")
		}
		if got, err := have.Batch(5); err != nil || !reflect.DeepEqual(got["tokens"].Data(), want["tokens"].Data()) {
			t.Errorf("packed %s: got %v (%v), want %v", packed, got["tokens"], err, want["tokens"])
		}
		if batches(dir, record{Program: "gpt", Flags: flags, Data: "of another corpus"}) != nil {
			t.Errorf("packed %s: batches of data that have changed", packed)
		}
	}
}
