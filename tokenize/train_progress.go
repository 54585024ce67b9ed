package tokenize

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// ProgressBar returns a function for the Progress of one trainer, which shows it on w: as a bar for each phase on a
// terminal, and otherwise as a line at the end of each phase. It redraws ten times a second at most.
func ProgressBar(w io.Writer) func(Progress) {
	s := &screen{w: w}
	if f, ok := w.(*os.File); ok {
		s.terminal = term.IsTerminal(int(f.Fd()))
	}
	return s.show
}

// redraw is the time between two states of a bar.
const redraw = 100 * time.Millisecond

// units are what Progress counts in each phase.
var units = map[string]string{"count": "bytes", "merge": "entries", "estimate": "rounds"}

// screen shows the phases of a training, one after the other.
type screen struct {
	w        io.Writer
	terminal bool
	phase    string // the one that goes on, "": none
	begun    time.Time
	bar      *progressbar.ProgressBar
}

func (s *screen) show(p Progress) {
	if p.Phase != s.phase {
		s.phase, s.begun, s.bar = p.Phase, time.Now(), nil
	}
	if p.Done != p.Total {
		if s.terminal {
			s.draw(p)
		}
		return
	}
	line := fmt.Sprintf("%-8s %d %s in %v", p.Phase, p.Done, units[p.Phase], time.Since(s.begun).Round(time.Millisecond))
	if s.terminal {
		line = "\r\x1b[K" + line // in the place of the bar
	}
	fmt.Fprintln(s.w, line)
	s.phase = ""
}

func (s *screen) draw(p Progress) {
	most := p.Total
	if most == 0 {
		most = -1 // a spinner
	}
	switch {
	case s.bar == nil:
		s.bar = progressbar.NewOptions64(most,
			progressbar.OptionSetWriter(s.w),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionSetDescription(fmt.Sprintf("%-8s", p.Phase)),
			progressbar.OptionSetWidth(24),
			progressbar.OptionThrottle(redraw),
			progressbar.OptionSetSpinnerChangeInterval(0), // no goroutine of its own
			progressbar.OptionShowBytes(p.Phase == "count"),
		)
	case most > 0 && s.bar.GetMax64() != most:
		s.bar.ChangeMax64(most)
	}
	// The only error is the screen's, and a screen that is gone should not end a training.
	_ = s.bar.Set64(p.Done)
}
