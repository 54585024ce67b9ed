// Package progress shows how far the training of a tokenizer is.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
)

// Bar returns a function for the Progress of one trainer. It shows it on w: on a terminal as a line that is redrawn, at most
// ten times a second, and otherwise as a line at the end of each phase.
func Bar(w io.Writer) func(trainer.Progress) {
	s := &screen{w: w}
	if f, ok := w.(*os.File); ok {
		s.terminal = term.IsTerminal(int(f.Fd()))
	}
	return s.show
}

// redraw is the least time between two states of a line.
const redraw = 100 * time.Millisecond

// units are the units of Progress, by phase.
var units = map[string]string{"count": "bytes", "merge": "entries", "estimate": "rounds"}

// screen shows the phases of a training, one after the other. On a terminal, the cursor stays at the start of the line. Clearing
// from the cursor to the end of the screen then removes the whole line, even if a narrower terminal has wrapped it.
type screen struct {
	w            io.Writer
	terminal     bool
	phase        string // "" before the first phase and after each
	begun, shown time.Time
}

func (s *screen) show(p trainer.Progress) {
	now := time.Now()
	if p.Phase != s.phase {
		s.phase, s.begun, s.shown = p.Phase, now, time.Time{}
	}
	if p.Done != p.Total {
		if s.terminal && now.Sub(s.shown) >= redraw {
			s.shown = now
			s.draw(p)
		}
		return
	}
	line := fmt.Sprintf("%-8s %d %s in %v", p.Phase, p.Done, units[p.Phase], now.Sub(s.begun).Round(time.Millisecond))
	if s.terminal {
		line = "\r\x1b[J" + line // replaces the last state
	}
	fmt.Fprintln(s.w, line)
	s.phase = ""
}

// draw draws a state in one line. It leaves the last column free: some terminals wrap when it is filled.
func (s *screen) draw(p trainer.Progress) {
	line := fmt.Sprintf("%-8s %d %s", p.Phase, p.Done, units[p.Phase])
	width := s.width() - 1
	if p.Total > 0 {
		done := min(float64(p.Done)/float64(p.Total), 1)
		line = fmt.Sprintf("%-8s %3.0f%%  %d/%d %s", p.Phase, 100*done, p.Done, p.Total, units[p.Phase])
		if bar := min(width-len(line)-4, 24); bar >= 8 {
			full := int(done * float64(bar))
			line += "  [" + strings.Repeat("=", full) + strings.Repeat(" ", bar-full) + "]"
		}
	}
	fmt.Fprint(s.w, "\r\x1b[J"+line[:max(min(len(line), width), 0)]+"\r")
}

// width returns the columns of the terminal.
func (s *screen) width() int {
	if f, ok := s.w.(*os.File); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 {
			return columns
		}
	}
	return 80
}
