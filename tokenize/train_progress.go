package tokenize

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// ProgressBar returns a function for the Progress of one trainer, which shows it on w: as a line that redraws on a
// terminal of any width, and otherwise as a line at the end of each phase. It redraws ten times a second at most.
func ProgressBar(w io.Writer) func(Progress) {
	s := &screen{w: w}
	if f, ok := w.(*os.File); ok {
		s.terminal = term.IsTerminal(int(f.Fd()))
	}
	return s.show
}

// redraw is the time between two states of a line.
const redraw = 100 * time.Millisecond

// units are what Progress counts in each phase.
var units = map[string]string{"count": "bytes", "merge": "entries", "estimate": "rounds"}

// screen shows the phases of a training, one after the other. On a terminal the cursor stays at the beginning of the line, so that
// clearing from the cursor to the end of the screen removes all of it, even if the terminal has become narrower and has wrapped it.
type screen struct {
	w            io.Writer
	terminal     bool
	phase        string // the current one; "" before the first and after the end of each
	begun, shown time.Time
}

func (s *screen) show(p Progress) {
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
		line = "\r\x1b[J" + line // in the place of the last state
	}
	fmt.Fprintln(s.w, line)
	s.phase = ""
}

// draw draws a state in one line. The last column stays free: some terminals wrap when it is filled.
func (s *screen) draw(p Progress) {
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
