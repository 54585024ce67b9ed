package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/train/data"
)

// screen shows the progress of a preparation: on a terminal as a line that is redrawn, and otherwise as a line every ten seconds.
type screen struct {
	w            *os.File
	begun, shown time.Time
	first        data.Progress
	drawn        bool
}

// show shows the progress.
func (s *screen) show(p data.Progress) {
	now := time.Now()
	if s.begun.IsZero() {
		s.begun, s.first = now, p
	}
	terminal := term.IsTerminal(int(s.w.Fd()))
	if !terminal && now.Sub(s.shown) < 10*time.Second {
		return
	}
	s.shown = now
	text := message.NewPrinter(language.English).Sprintf("%3.0f %%  %d documents  %d tokens", 100*float64(p.Read)/float64(max(p.Size, 1)), p.Documents, p.Tokens)
	if seconds := now.Sub(s.begun).Seconds(); seconds > 0.5 {
		text += fmt.Sprintf("  %.1f MB/s", float64(p.Bytes-s.first.Bytes)/1e6/seconds)
		if done := p.Read - s.first.Read; done > 0 && p.Read < p.Size {
			left := time.Duration(seconds * float64(p.Size-p.Read) / float64(done) * float64(time.Second))
			text += fmt.Sprintf("  %v left", left.Round(time.Second))
		}
	}
	if !terminal {
		fmt.Fprintln(s.w, text)
		return
	}
	width, _, err := term.GetSize(int(s.w.Fd()))
	if err == nil && width > 1 {
		text = text[:min(len(text), width-1)]
	}
	s.drawn = true
	fmt.Fprint(s.w, "\r\x1b[J"+text)
}

// end ends the line.
func (s *screen) end() {
	if s.drawn {
		fmt.Fprintln(s.w)
	}
}
