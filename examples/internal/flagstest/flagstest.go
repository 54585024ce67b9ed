// Package flagstest tests how the examples take their flags.
package flagstest

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/pkg/errors"
)

// Bad is arguments that are wrong and words of the error, with | between them.
type Bad struct{ Args, Words string }

// Run runs a program with bad arguments in an empty folder: each must end in one line with the words and leave nothing behind.
func Run(t *testing.T, run func(args []string) error, cases []Bad) {
	t.Chdir(t.TempDir())
	for _, c := range cases {
		t.Run(c.Args, func(t *testing.T) {
			err := run(strings.Fields(c.Args))
			if err == nil || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got error %q, want one line", err)
			}
			for w := range strings.SplitSeq(c.Words, "|") {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("got error %q, want %q in it", err, w)
				}
			}
			if left, err := os.ReadDir("."); err != nil || len(left) > 0 {
				t.Errorf("got %v (%v) left behind, want nothing", left, err)
			}
		})
	}
	if err := run([]string{"-h"}); !errors.Is(err, flag.ErrHelp) {
		t.Errorf("-h: got %v, want flag.ErrHelp", err)
	}
}

// Exit starts a program by arguments and looks at its exit: an error is one line on standard error and 1, help is neither. It
// must be called from TestExit, which it starts anew as the program.
func Exit(t *testing.T, main func(), exits map[string]int) {
	if args := os.Getenv("TEST_ARGS"); args != "" {
		os.Args = append(os.Args[:1], strings.Fields(args)...)
		main()
		os.Exit(0)
	}
	for args, want := range exits {
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
