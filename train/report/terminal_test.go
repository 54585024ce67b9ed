//go:build linux

package report_test

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gorgoformer/gorgoformer/train/report"
)

// openTerminal is both ends of a pseudo-terminal.
func openTerminal(t *testing.T) (screen, program *os.File) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skipf("no terminal to test with: %v", err)
	}
	fd := int(screen.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Skipf("no terminal to test with: %v", err)
	}
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Skipf("no terminal to test with: %v", err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("no terminal to test with: %v", err)
	}
	return screen, program
}

func TestProgressBar(t *testing.T) {
	screen, program := openTerminal(t)
	defer screen.Close()
	text := make(chan string)
	go func() {
		b, _ := io.ReadAll(screen) // ends with an error when the program's end is closed
		text <- string(b)
	}()
	p := report.Progress{W: program, Until: 40}
	for i := 21; i <= 40; i++ {
		p.Step(step(i, 2.5))
		if i == 30 {
			p.Note("validation 7")
		}
	}
	p.Done()
	program.Close()
	got := <-text
	for _, want := range []string{"step 21/40", "validation 7\r\n", "step 40/40  loss 2.5000  rate 1.00e-03  7,680 tokens/s", "100%"} {
		if !strings.Contains(got, want) {
			t.Errorf("got screen %q, want it to contain %q", got, want)
		}
	}
	if strings.Contains(got, "  0% ") {
		t.Errorf("got screen %q, want the resumed run's bar to begin at 52%%", got)
	}
	if lines := strings.Count(got, "\n"); lines != 2 {
		t.Errorf("got %d lines on the screen, want the note and the bar: %q", lines, got)
	}
}
