package report

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/gorgoformer/gorgoformer/train"
)

// Progress shows loss, learning rate, tokens per second and the time left of a run: as a bar on a terminal, and otherwise as a
// line at the first step and then at intervals. The zero value writes to os.Stderr. It is for one goroutine.
type Progress struct {
	W     io.Writer     // nil means os.Stderr
	Until int           // steps of the whole run; 0 when there is no end
	Every time.Duration // between lines where W is no terminal; 0 means 10 s

	bar           *progressbar.ProgressBar
	first, shown  time.Time // when the first report came, and the last was shown
	firstStep     int
	last          train.Report
	tokens, spent float64 // of recent steps, old ones fading
	pending       bool    // last is not shown
}

// redraw is the time between two states of a bar, and fade the weight of the past in the speed.
const (
	redraw = 100 * time.Millisecond
	fade   = 0.95
)

// Step takes the report of a step.
func (p *Progress) Step(r train.Report) {
	now := time.Now()
	begins := p.first.IsZero()
	if begins {
		p.begin(r, now)
	}
	p.tokens, p.spent = fade*p.tokens+float64(r.Tokens), fade*p.spent+r.Elapsed.Seconds()
	p.last, p.pending = r, true
	if begins || now.Sub(p.shown) >= p.interval() || r.Step == p.Until {
		p.show(now)
	}
}

// Note writes a line of its own, such as the result of an evaluation.
func (p *Progress) Note(format string, args ...any) {
	if p.bar != nil {
		fmt.Fprint(p.writer(), "\r\x1b[K") // clears the bar, which comes back below the line
	}
	fmt.Fprintln(p.writer(), strings.TrimSuffix(fmt.Sprintf(format, args...), "\n"))
	if p.bar != nil {
		p.show(time.Now())
	}
}

// Done shows the last report, unless it stands there, and ends the bar's line. Another Step begins anew.
func (p *Progress) Done() {
	if p.pending {
		p.show(time.Now())
	}
	if p.bar != nil {
		fmt.Fprintln(p.writer())
	}
	*p = Progress{W: p.W, Until: p.Until, Every: p.Every}
}

func (p *Progress) writer() io.Writer {
	if p.W == nil {
		return os.Stderr
	}
	return p.W
}

func (p *Progress) interval() time.Duration {
	switch {
	case p.bar != nil:
		return redraw
	case p.Every == 0:
		return 10 * time.Second
	}
	return p.Every
}

func (p *Progress) begin(r train.Report, now time.Time) {
	p.first, p.firstStep = now, r.Step
	if f, ok := p.writer().(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		return
	}
	end := p.Until
	if end == 0 {
		end = -1 // a spinner
	}
	p.bar = progressbar.NewOptions(end,
		progressbar.OptionSetWriter(p.writer()),
		progressbar.OptionSetWidth(16),
		progressbar.OptionSetElapsedTime(false),
		progressbar.OptionSetPredictTime(false), // its estimate would count the steps before a resumption
		progressbar.OptionShowDescriptionAtLineEnd(),
	)
}

func (p *Progress) show(now time.Time) {
	p.shown, p.pending = now, false
	line := p.line(now)
	if p.bar == nil {
		fmt.Fprintln(p.writer(), line)
		return
	}
	// The only error is the screen's, and a screen that is gone should not end a run. Set before Describe, which draws at once and
	// would begin a resumed run at 0 %.
	_ = p.bar.Set(p.last.Step)
	p.bar.Describe(line)
}

// line is: step 120/2000  loss 2.3456  rate 1.00e-03  8,300 tokens/s  3m12s left
func (p *Progress) line(now time.Time) string {
	r := p.last
	var b strings.Builder
	fmt.Fprintf(&b, "step %d", r.Step)
	if p.Until > 0 {
		fmt.Fprintf(&b, "/%d", p.Until)
	}
	fmt.Fprintf(&b, "  loss %.4f", r.Loss)
	if r.Rate != 0 {
		fmt.Fprintf(&b, "  rate %.2e", r.Rate)
	}
	if p.spent > 0 {
		fmt.Fprintf(&b, "  %s tokens/s", thousands(p.tokens/p.spent))
	}
	if left, ok := p.left(now); ok {
		fmt.Fprintf(&b, "  %v left", left)
	}
	return b.String()
}

// left estimates the time to the end from all the time since the first report, what is done between steps included.
func (p *Progress) left(now time.Time) (time.Duration, bool) {
	done := p.last.Step - p.firstStep
	if done == 0 || p.Until <= p.last.Step {
		return 0, false
	}
	each := float64(now.Sub(p.first)) / float64(done)
	return time.Duration(each * float64(p.Until-p.last.Step)).Round(time.Second), true
}

// thousands writes a number with three digits or, from 1000 on, as a whole one with commas.
func thousands(v float64) string {
	if v < 1000 {
		return fmt.Sprintf("%.3g", v)
	}
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
