//go:build linux

package report_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/gorgoformer/gorgoformer/train/report"
)

// openTerminal returns both ends of a pseudo-terminal.
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

// setWidth resizes a terminal.
func setWidth(t *testing.T, terminal *os.File, columns int) {
	t.Helper()
	if err := unix.IoctlSetWinsize(int(terminal.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: uint16(columns)}); err != nil {
		t.Fatal(err)
	}
}

// feed reads from a terminal up to a mark and writes the text to a screen.
func feed(t *testing.T, from *os.File, to *screen, mark string) {
	t.Helper()
	var text []byte
	b := make([]byte, 4096)
	for !strings.HasSuffix(string(text), mark) {
		n, err := from.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, b[:n]...)
	}
	to.write(strings.TrimSuffix(string(text), mark))
}

const mark = "\x00"

// TestProgressOneLine draws a run on terminals of many widths, which also change. At any time the screen has one line of progress,
// within the width and below the notes.
func TestProgressOneLine(t *testing.T) {
	t.Setenv("TERM", "xterm")
	for _, widths := range [][]int{{40}, {80}, {120}, {10}, {1}, {300}, {120, 80, 40, 120}, {80, 23}, {200, 11, 90}} {
		for _, reflow := range []bool{true, false} {
			terminal, program := openTerminal(t)
			setWidth(t, terminal, widths[0])
			s := newScreen(widths[0])
			p := report.Progress{W: program, Until: 100_000}
			for i, w := range widths {
				if i > 0 {
					setWidth(t, terminal, w)
					s.resize(w, reflow)
				}
				for k := range 20 {
					p.Step(step(12_000+100*i+k, 2.5))
					p.Part("evaluation", k, 20)
				}
				p.Part("evaluation", 20, 20)
				p.Note("n%d", i)
				program.WriteString(mark)
				feed(t, terminal, s, mark)
				if lines := s.lines(); w > 1 && (len(lines) != i+2 || lines[i] != fmt.Sprintf("n%d", i)) {
					t.Fatalf("widths %v, reflow %v: got %q, want %d notes and a line", widths[:i+1], reflow, lines, i+1)
				}
				if s.maxRight >= w && w > 2 {
					t.Errorf("width %d: a line reaches column %d, want the last free", w, s.maxRight)
				}
			}
			p.Done()
			program.WriteString(mark)
			feed(t, terminal, s, mark)
			if lines := s.lines(); widths[0] > 1 && (len(lines) != len(widths)+1 || s.y != len(lines) || s.unknown != "") {
				t.Errorf("widths %v, reflow %v: got %q at the end with the cursor in row %d (unknown %q), want it below the line",
					widths, reflow, lines, s.y, s.unknown)
			}
			terminal.Close()
			program.Close()
		}
	}
}

// TestProgressFields compares the line on terminals of several widths.
func TestProgressFields(t *testing.T) {
	t.Setenv("TERM", "xterm")
	for columns, want := range map[int]string{
		40:  "[        ]  step 21/100000  loss 2.5000",
		58:  "[          ]  step 21/100000  loss 2.5000  7,680 tokens/s",
		60:  "step 21/100000  loss 2.5000  rate 1.00e-03  7,680 tokens/s",
		80:  "[                 ]  step 21/100000  loss 2.5000  rate 1.00e-03  7,680 tokens/s",
		120: "[                    ]  step 21/100000  loss 2.5000  rate 1.00e-03  7,680 tokens/s",
		10:  "step 21/1",
	} {
		terminal, program := openTerminal(t)
		setWidth(t, terminal, columns)
		s := newScreen(columns)
		p := report.Progress{W: program, Until: 100_000}
		p.Step(step(21, 2.5))
		program.WriteString(mark)
		feed(t, terminal, s, mark)
		if lines := s.lines(); len(lines) != 1 || lines[0] != want {
			t.Errorf("%d columns: got %q, want %q", columns, lines, want)
		}
		terminal.Close()
		program.Close()
	}
}
