package main

import (
	"encoding/json"
	"fmt"
	"hash/crc64"
	"os"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// TestEarlierRun: a run whose record has no -family, as in earlier versions, is a GPT-2.
func TestEarlierRun(t *testing.T) {
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat(fox, 6))
	if err := gpt(tiny + "-steps 2 -out run"); err != nil {
		t.Fatal(err)
	}
	forgetFlags(t, "run/run.json", "family", "positions", "kv-heads")
	wantError(t, gpt("train -resume -steps 3 -family llama -out run"), "-family is llama", "has gpt2")
	if err := gpt("train -resume -steps 3 -out run"); err != nil {
		t.Fatal(err)
	}
	if err := gpt(tiny + "-steps 3 -out alone"); err != nil {
		t.Fatal(err)
	}
	sameFiles(t, "alone", "run", "model.safetensors", "config.json")
}

// forgetFlags removes flags from the record of a run.
func forgetFlags(t *testing.T, path string, names ...string) {
	t.Helper()
	var record struct {
		Program   string            `json:"program"`
		Flags     map[string]string `json:"flags"`
		Data      string            `json:"data"`
		Tokenizer string            `json:"tokenizer"`
		Sum       string            `json:"sum"`
	}
	if err := checkpoints.ReadJSON(path, &record); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if _, ok := record.Flags[name]; !ok {
			t.Fatalf("got flags %v, want -%s among them", record.Flags, name)
		}
		delete(record.Flags, name)
	}
	record.Sum = ""
	text, err := json.Marshal(record)
	if err != nil {
		t.Fatal(err)
	}
	record.Sum = fmt.Sprintf("%016x", crc64.Checksum(text, crc64.MakeTable(crc64.ECMA)))
	if text, err = json.Marshal(record); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
}
