package job

import (
	"strings"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// Watch is the address of a page that shows a run, host:port. As a flag without a value it means a free port of this machine.
type Watch string

// String implements flag.Value.
func (w *Watch) String() string { return string(*w) }

// Set implements flag.Value.
func (w *Watch) Set(text string) error {
	switch {
	case text == "true":
		*w = "localhost:0"
	case text == "false" || text == "":
		*w = ""
	case !strings.Contains(text, ":"):
		return errors.Errorf("want host:port, such as localhost:8080")
	default:
		*w = Watch(text)
	}
	return nil
}

// IsBoolFlag makes -watch alone valid.
func (w *Watch) IsBoolFlag() bool { return true }

// Inside answers the questions of a page about a model in training.
type Inside interface {
	page.Inside
	Wanted() bool                               // reports whether a page wants newer weights
	Renew(step int, params *graph.Params) error // copies the weights after a step
}

// watching is the page of a run.
type watching struct {
	history *page.History
	server  *page.Server
	graph   *page.Step
	renewed time.Time
}

// renewalPause is the time between two copies of the weights, so that the page does not slow the training down.
const renewalPause = 2 * time.Second

// watch opens the page of -watch, with the history of a resumed run.
func (r *Run) watch() error {
	if r.Watch == "" {
		return nil
	}
	w := &watching{history: page.NewHistory()}
	step := r.setup.Trainer.Program
	if err := page.NewReader(r.Out, w.history).Read(); err != nil {
		return err
	}
	w.history.Begin(r.Steps)
	w.graph = page.NewStep(step)
	shown := page.Page{Title: r.setup.About, History: w.history, Step: w.graph}
	if r.setup.Inside != nil {
		shown.Inside = r.setup.Inside
		if err := r.averaged(func() error { return r.setup.Inside.Renew(r.setup.Trainer.Step, step.Params()) }); err != nil {
			return err
		}
	}
	var err error
	if w.server, err = page.Listen(string(r.Watch), shown); err != nil {
		return errors.WithMessage(err, "-watch")
	}
	r.watched = w
	if !page.Loopback(string(r.Watch)) {
		r.printf("warning: other machines can reach this page and read the model")
	}
	r.printf("watch it at %s", w.server.URL)
	return nil
}

// step shows a step, and gives the page newer weights if it wants them.
func (w *watching) step(r *Run, s train.Report, parts []page.Part) {
	if w == nil {
		return
	}
	w.history.Step(s, parts)
	w.graph.Between()
	if in := r.setup.Inside; in != nil && in.Wanted() && time.Since(w.renewed) > renewalPause {
		w.renew(r)
	}
}

// checkpoint shows the weights of a checkpoint.
func (w *watching) checkpoint(r *Run) {
	if w == nil {
		return
	}
	if r.setup.Inside != nil {
		w.renew(r)
	}
	w.history.Checkpoint(r.saved)
}

func (w *watching) renew(r *Run) {
	r.fail(r.averaged(func() error { return r.setup.Inside.Renew(r.setup.Trainer.Step, r.setup.Trainer.Program.Params()) }))
	w.renewed = time.Now()
}

// close ends the page.
func (w *watching) close() {
	if w == nil {
		return
	}
	w.history.End()
	w.server.Close() // its pages are left; an error changes nothing
}
