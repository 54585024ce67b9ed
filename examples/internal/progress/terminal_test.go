//go:build linux

package progress_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gorgoformer/gorgoformer/examples/internal/progress"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// openTerminal is both ends of a pseudo-terminal.
func openTerminal(t *testing.T) (screen, program *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal to test with: %v", err)
	}
	if err := unix.IoctlSetPointerInt(int(screen.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no terminal to test with: %v", err)
	}
	n, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Skipf("no terminal to test with: %v", err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal to test with: %v", err)
	}
	return screen, program
}

func TestProgressBarOnTerminal(t *testing.T) {
	screen, program := openTerminal(t)
	defer screen.Close()
	text := make(chan string)
	go func() {
		b, _ := io.ReadAll(screen) // ends with an error when the program's end is closed
		text <- string(b)
	}()
	show := progress.Bar(program)
	for _, p := range []trainer.Progress{
		{Phase: "count", Done: 5}, {Phase: "count", Done: 7, Total: 7},
		{Phase: "estimate", Done: 1, Total: 4}, {Phase: "estimate", Done: 2, Total: 3}, {Phase: "estimate", Done: 3, Total: 3},
	} {
		show(p)
	}
	program.Close()
	got := <-text
	for _, want := range []string{"count    7 bytes in ", "25%", "\r\x1b[Jestimate 3 rounds in "} {
		if !strings.Contains(got, want) {
			t.Errorf("got screen %q, want it to contain %q", got, want)
		}
	}
}

// TestProgressWidth draws on terminals of some widths: no line reaches the last column.
func TestProgressWidth(t *testing.T) {
	for _, columns := range []int{1, 2, 10, 20, 40, 80, 120} {
		screen, program := openTerminal(t)
		if err := unix.IoctlSetWinsize(int(program.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)}); err != nil {
			t.Fatal(err)
		}
		text := make(chan string)
		go func() {
			b, _ := io.ReadAll(screen) // ends with an error when the program's end is closed
			text <- string(b)
		}()
		for _, total := range []int64{0, 1e12} {
			progress.Bar(program)(trainer.Progress{Phase: "count", Done: 123_456_789_012, Total: total})
		}
		program.Close()
		states := strings.FieldsFunc(strings.ReplaceAll(<-text, "\x1b[J", ""), func(r rune) bool { return r == '\r' || r == '\n' })
		for _, state := range states {
			if len(state) >= columns {
				t.Errorf("%d columns: got %q of %d", columns, state, len(state))
			}
		}
		if columns >= 10 && len(states) != 2 {
			t.Errorf("%d columns: got %q, want two states", columns, states)
		}
		screen.Close()
	}
}
