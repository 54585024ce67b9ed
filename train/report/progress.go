package report

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/gorgoformer/gorgoformer/train"
)

// Progress shows loss, learning rate, tokens per second and the time left of a run. On a terminal it redraws one line that fits the
// width. Otherwise it writes a line at the first step and then at intervals. The zero value writes to os.Stderr. A Progress is not safe
// for concurrent use.
type Progress struct {
	W     io.Writer     // nil means os.Stderr
	Until int           // number of steps of the whole run; 0 means no end
	Unit  string        // name of the targets in the speed; "" means tokens
	Every time.Duration // interval between lines if W is no terminal; 0 means 10 s

	line         statusLine
	first, shown time.Time // time of the first report, and of the last display
	firstStep    int
	last         train.Report
	speed        speed
	pending      bool // last has not been shown
}

// redraw is the interval between updates of the line on a terminal.
const redraw = 100 * time.Millisecond

// Step records the report of a step and shows it if the interval has passed.
func (p *Progress) Step(r train.Report) {
	now := time.Now()
	begins := p.first.IsZero()
	if begins {
		p.first, p.firstStep = now, r.Step
	}
	p.speed.add(r)
	p.last, p.pending = r, true
	if begins || now.Sub(p.shown) >= p.interval() || r.Step == p.Until {
		p.show(now)
	}
}

// Part shows the progress of a long part between two steps, such as an evaluation: item i, from 1, of n. A part that ends within the
// interval is not shown.
func (p *Progress) Part(name string, i, n int) {
	now := time.Now()
	if p.shown.IsZero() {
		p.shown = now
	}
	if i < n && now.Sub(p.shown) < p.interval() || i == n && !p.terminal() {
		return
	}
	p.shown = now
	p.draw(func(width int) string { return fit(width, -1, field{0, fmt.Sprintf("%s %d/%d", name, i, n)}) })
}

// Note writes a separate line, such as the result of an evaluation.
func (p *Progress) Note(format string, args ...any) {
	p.line.clear(p.writer())
	fmt.Fprintln(p.writer(), strings.TrimSuffix(fmt.Sprintf(format, args...), "\n"))
	if p.terminal() && !p.first.IsZero() {
		p.show(time.Now())
	}
}

// Done shows the last report, if it has not been shown, and ends the line. After Done, Step begins a new line.
func (p *Progress) Done() {
	if p.pending || p.terminal() && !p.first.IsZero() {
		p.show(time.Now())
	}
	p.line.end(p.writer())
	*p = Progress{W: p.W, Until: p.Until, Every: p.Every}
}

func (p *Progress) writer() io.Writer {
	if p.W == nil {
		return os.Stderr
	}
	return p.W
}

func (p *Progress) terminal() bool {
	_, ok := screenWidth(p.writer())
	return ok
}

func (p *Progress) interval() time.Duration {
	switch {
	case p.terminal():
		return redraw
	case p.Every == 0:
		return 10 * time.Second
	}
	return p.Every
}

func (p *Progress) show(now time.Time) {
	p.shown, p.pending = now, false
	p.draw(func(width int) string { return p.text(now, width) })
}

// draw redraws the line on a terminal, and otherwise writes a line. It ignores errors: a closed screen does not end a run.
func (p *Progress) draw(text func(width int) string) {
	if w, ok := screenWidth(p.writer()); ok {
		p.line.draw(p.writer(), text(w))
		return
	}
	fmt.Fprintln(p.writer(), text(0))
}

// text returns a line such as: step 120/2000  loss 2.3456  rate 1.00e-03  8,300 tokens/s  3m12s left
func (p *Progress) text(now time.Time, width int) string {
	r, done := p.last, -1.0
	step := fmt.Sprintf("step %d", r.Step)
	if p.Until > 0 {
		step += fmt.Sprintf("/%d", p.Until)
		done = float64(r.Step) / float64(p.Until)
	}
	fields := []field{{0, step}, {1, fmt.Sprintf("loss %.4f", r.Loss)}}
	if r.Rate != 0 {
		fields = append(fields, field{4, fmt.Sprintf("rate %.2e", r.Rate)})
	}
	if v, ok := p.speed.tokens(); ok {
		fields = append(fields, field{3, thousands(v) + " " + cmp.Or(p.Unit, "tokens") + "/s"})
	}
	if left, ok := p.left(now); ok {
		fields = append(fields, field{2, Duration(left.Round(time.Second)) + " left"})
	}
	return fit(width, done, fields...)
}

// left estimates the time left from the time since the first report, including the time between steps.
func (p *Progress) left(now time.Time) (time.Duration, bool) {
	done := p.last.Step - p.firstStep
	if done == 0 || p.Until <= p.last.Step {
		return 0, false
	}
	each := float64(now.Sub(p.first)) / float64(done)
	return time.Duration(min(each*float64(p.Until-p.last.Step), 1<<62)), true // at most 146 years
}
