package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/data"
)

// TestTruncation: truncation and padding of a tokenizer.json apply neither to pairs nor to a prompt.
func TestTruncation(t *testing.T) {
	saved := filepath.Join(t.TempDir(), "cut.json")
	saveBPE(t, saved, "<pad>", "<s>", "</s>")
	raw, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	raw = bytes.Replace(raw, []byte(`"truncation": null`), []byte(`"truncation": {"direction":"Right","max_length":2,"strategy":"LongestFirst","stride":0}`), 1)
	raw = bytes.Replace(raw, []byte(`"padding": null`), []byte(`"padding": {"strategy":{"Fixed":9},"direction":"Right","pad_to_multiple_of":null,"pad_id":0,"pad_type_id":0,"pad_token":"<pad>"}`), 1)
	if err := os.WriteFile(saved, raw, 0o666); err != nil {
		t.Fatal(err)
	}
	o := small(filepath.Join(t.TempDir(), "model"))
	o.vocabulary.Name = saved
	v, err := o.marked("", nil)
	if err != nil {
		t.Fatal(err)
	}
	pairs, err := data.EncodePairs([]data.TextPair{{Source: "7777777", Target: "1"}}, v, v)
	if err != nil || len(pairs[0].Source) != 7 || len(pairs[0].Target) != 1 {
		t.Errorf("got %v (%v), want 7 source tokens and one target token", pairs, err)
	}
	ids, err := v.Encode(strings.Repeat("7", 30)) // as a prompt
	if err != nil || len(ids) != 30 {
		t.Errorf("prompt: got %d tokens (%v), want 30", len(ids), err)
	}
}
