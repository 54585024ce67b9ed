package main

import (
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/report"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// watched is a training run in a folder, of this or of another process.
type watched struct {
	*inside.Model
	dir     string
	history *page.History
	last    int // step of the run's end
	micro   int // batches of a step
	next    int // index of the log's next row
	newest  int // step of the newest checkpoint

	mu      sync.Mutex
	batches *data.Windows // of a language model; nil if they cannot be known
}

// record is the part of run.json that the page needs.
type record struct {
	Program string            `json:"program"`
	Flags   map[string]string `json:"flags"`
}

// openRun opens a training run with its checkpoints. learn follows its log.
func openRun(dir string, history *page.History) (*inside.Model, *page.History, func(<-chan struct{}) error, error) {
	var r record
	if err := checkpoints.ReadJSON(filepath.Join(dir, "run.json"), &r); err != nil {
		return nil, nil, nil, errors.WithMessagef(err, "-run is %q: it is no folder of a run", dir)
	}
	w := &watched{dir: dir, history: history}
	w.last, _ = strconv.Atoi(r.Flags["steps"])
	w.micro, _ = strconv.Atoi(r.Flags["micro-batches"])
	steps := inside.Steps(dir)
	if len(steps) == 0 {
		return nil, nil, nil, errors.Errorf("-run is %q, which has no checkpoint yet: wait for the first evaluation", dir)
	}
	var err error
	w.newest = steps[len(steps)-1]
	if w.Model, err = inside.Open(inside.Folder(dir, w.newest)); err != nil {
		return nil, nil, nil, err
	}
	w.Follow(dir)
	w.batches = batches(dir, r)
	if w.batches != nil {
		w.Examples = w.examples
	}
	history.Begin(w.last)
	return w.Model, history, w.follow, w.read()
}

// batches returns the batches of a run of examples/gpt, or nil for another program or if its tokens are gone.
func batches(dir string, r record) *data.Windows {
	if r.Program != "gpt" {
		return nil
	}
	corpus, err := data.OpenCorpus(filepath.Join(dir, "tokens.bin"))
	if err != nil {
		return nil
	}
	rows, err1 := strconv.Atoi(r.Flags["batch"])
	context, err2 := strconv.Atoi(r.Flags["context"])
	seed, err3 := strconv.ParseUint(r.Flags["seed"], 10, 64)
	learn, _, err4 := corpus.Split(0.9)
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || rows < 1 || context < 1 {
		return nil
	}
	b := learn.Batches(rows, context)
	b.Seed = seed
	return b
}

// examples returns the windows of a step.
func (w *watched) examples(step int) ([]inside.Example, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return inside.Examples(w.batches, step, w.micro, w.last)
}

// follow reads the log until the run or the program ends.
func (w *watched) follow(done <-chan struct{}) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-tick.C:
			if err := w.read(); err != nil {
				return err
			}
		}
	}
}

// read reads new rows of the log and looks for new checkpoints.
func (w *watched) read() (err error) {
	step := 0
	w.next, err = report.ReadEntries(filepath.Join(w.dir, "log.csv"), w.next, func(e report.Entry) {
		step = e.Step.Step
		if e.Evaluation != nil {
			w.history.Evaluation(step, *e.Evaluation)
		} else {
			w.history.Step(e.Step, nil)
		}
	})
	if err != nil {
		return err
	}
	if steps := inside.Steps(w.dir); len(steps) > 0 && steps[len(steps)-1] > w.newest {
		w.newest = steps[len(steps)-1]
		if err := w.Reopen(w.newest, inside.Folder(w.dir, w.newest)); err != nil {
			return err
		}
		w.history.Checkpoint(w.newest)
	}
	if step >= w.last {
		w.history.End()
	}
	return nil
}
