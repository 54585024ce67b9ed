package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestFolders: a folder that is no model or no run gives one clear error.
func TestFolders(t *testing.T) {
	empty, damaged := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(damaged, "run.json"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(damaged, "config.json"), []byte(`{"model_type":"unknown"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	early := t.TempDir()
	if err := os.WriteFile(filepath.Join(early, "run.json"), []byte(`{"program":"gpt","flags":{"steps":"10"}}`), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ args, want string }{
		{"-model " + empty, "model"},
		{"-model " + filepath.Join(empty, "none"), "none"},
		{"-model " + damaged, "unknown"},
		{"-run " + empty, "no folder of a run"},
		{"-run " + damaged, "run.json"},
		{"-run " + early, "no checkpoint and does not go on"},
		{"-run a -model b", "exclude each other"},
		{"-steps 0", "-steps is 0"},
		{"-steps 1 -address 8080", "host:port"},
	} {
		var w bytes.Buffer
		err := program(&w).Run(strings.Fields(c.args), &w)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: got error %v, want one line with %q", c.args, err, c.want)
		}
	}
}
