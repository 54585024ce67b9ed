// Package flagstest tests the command line of the examples.
package flagstest

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
)

// Bad is a wrong command line and the words of its error. Spaces separate arguments, "" is an empty argument, and | separates words.
type Bad struct{ Args, Words string }

// Run runs a program with wrong arguments in an empty folder. Each run must return a one-line error with the words, print nothing and
// leave no file behind.
func Run(t *testing.T, program func(io.Writer) flags.Program, cases []Bad) {
	t.Chdir(t.TempDir())
	for _, c := range cases {
		t.Run(c.Args, func(t *testing.T) {
			var w bytes.Buffer
			args := strings.Fields(c.Args)
			for i := range args {
				args[i] = strings.ReplaceAll(args[i], `""`, "")
			}
			err := program(&w).Run(args, &w)
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got error %q, want one line", err)
			}
			for word := range strings.SplitSeq(c.Words, "|") {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("got error %q, want %q in it", err, word)
				}
			}
			if w.Len() > 0 {
				t.Errorf("printed %q, want nothing", w.String())
			}
			if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
				t.Errorf("got %v (%v) left behind, want no files", left, err)
			}
		})
	}
}

// Exit starts a program with arguments and checks the exit code. With code 1 it must print one line on standard error and nothing on
// standard output; with code 0, only on standard output. TestExit must call it, since Exit starts that test as the program.
func Exit(t *testing.T, main func(), exits map[string]int) {
	if args, ok := os.LookupEnv("TEST_ARGS"); ok { // "" runs main without arguments
		os.Args = append(os.Args[:1], strings.Fields(args)...)
		main()
		os.Exit(0)
	}
	for args, want := range exits {
		c := exec.Command(os.Args[0], "-test.run=^TestExit$")
		c.Env = append(os.Environ(), "TEST_ARGS="+args)
		var stdout, stderr bytes.Buffer
		c.Stdout, c.Stderr = &stdout, &stderr
		_ = c.Run() // the test checks the exit code
		if got, lines := c.ProcessState.ExitCode(), strings.Count(stderr.String(), "\n"); got != want || lines != want {
			t.Errorf("%s: got exit %d and %d lines %q, want %d of both", args, got, lines, stderr.String(), want)
		}
		if (stdout.Len() > 0) != (want == 0) {
			t.Errorf("%s: printed %q", args, stdout.String())
		}
		if want == 0 {
			closedOutput(t, args)
		}
	}
}

// closedOutput starts the program with a closed standard output. The program must end without an error or a message.
func closedOutput(t *testing.T, args string) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	c := exec.Command(os.Args[0], "-test.run=^TestExit$")
	c.Env = append(os.Environ(), "TEST_ARGS="+args)
	var stderr bytes.Buffer
	c.Stdout, c.Stderr = w, &stderr
	if err := c.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("%s with a closed output: got %v and %q, want neither", args, err, stderr.String())
	}
}
