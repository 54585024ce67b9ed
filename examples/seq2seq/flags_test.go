package main

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/pkg/errors"
)

// TestBadFlags: each is one line that names the flag, and leaves nothing behind.
func TestBadFlags(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct{ args, words string }{
		{"teach", "no command \"teach\"|train, generate and eval"},
		{"train more", "seq2seq train|\"more\"|-h"},
		{"train -nope 1", "-nope|seq2seq train -h"},
		{"-nope", "-nope|seq2seq -h"},
		{"train -layers many", "-layers|many"},
		{"train -steps 0", "-steps is 0, want at least 1"},
		{"train -heads 0", "-heads is 0"},
		{"train -eval-every 0", "-eval-every is 0"},
		{"train -warmup -1", "-warmup is -1, want at least 0"},
		{"train -dropout -0.1", "-dropout is -0.1, want at least 0 and less than 1"},
		{"train -label-smoothing 1", "-label-smoothing is 1"},
		{"train -beta2 1", "-beta2 is 1"},
		{"train -data missing.tsv", "missing.tsv"},
		{"train -source missing", "give -data alone"},
		{"-data missing.tsv", "missing.tsv"}, // without a command
		{"generate -beam 0", "-beam is 0, want at least 1"},
		{"generate -model missing", "missing"},
		{"eval -batch 0", "-batch is 0"},
		{"eval -model missing", "missing"},
		{"eval -held-out 2", "-held-out is 2"},
	} {
		t.Run(c.args, func(t *testing.T) {
			err := run(strings.Fields(c.args))
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got error %q, want one line", err)
			}
			for w := range strings.SplitSeq(c.words, "|") {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("got error %q, want %q in it", err, w)
				}
			}
			if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
				t.Errorf("got %v (%v) left behind, want nothing", left, err)
			}
		})
	}
	if err := run([]string{"train", "-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: got %v, want flag.ErrHelp", err)
	}
}

// TestExit: an error is one line on standard error and exit 1; -h is neither.
func TestExit(t *testing.T) {
	if args := os.Getenv("TEST_ARGS"); args != "" {
		os.Args = append(os.Args[:1], strings.Fields(args)...)
		main()
		os.Exit(0)
	}
	for args, want := range map[string]int{"train -nope": 1, "train -steps 0": 1, "-h": 0, "eval -h": 0} {
		c := exec.Command(os.Args[0], "-test.run=^TestExit$")
		c.Env = append(os.Environ(), "TEST_ARGS="+args)
		var stdout, stderr bytes.Buffer
		c.Stdout, c.Stderr = &stdout, &stderr
		_ = c.Run() // its exit is looked at
		if got, lines := c.ProcessState.ExitCode(), strings.Count(stderr.String(), "\n"); got != want || lines != want {
			t.Errorf("%s: got exit %d and %d lines %q, want %d of both", args, got, lines, stderr.String(), want)
		}
		if help := strings.Contains(stdout.String(), "-h") || strings.Contains(stdout.String(), "Usage"); help != (want == 0) {
			t.Errorf("%s: printed %q", args, stdout.String())
		}
	}
}
