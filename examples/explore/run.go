package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/graph"
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
	if err := readJSON(filepath.Join(dir, "run.json"), &r); err != nil {
		return nil, nil, nil, errors.WithMessagef(err, "-run is %q: it is no folder of a run", dir)
	}
	w := &watched{dir: dir, history: history}
	w.last, _ = strconv.Atoi(r.Flags["steps"])
	steps := w.steps()
	if len(steps) == 0 {
		return nil, nil, nil, errors.Errorf("-run is %q, which has no checkpoint yet: wait for the first evaluation", dir)
	}
	var err error
	w.newest = steps[len(steps)-1]
	if w.Model, err = inside.Open(w.folder(w.newest)); err != nil {
		return nil, nil, nil, err
	}
	w.Steps = w.steps
	w.Load = func(step int, params *graph.Params) error { return w.LoadFolder(w.folder(step), params) }
	w.batches = batches(dir, r)
	if w.batches != nil {
		w.Texts = w.texts
	}
	history.Begin(w.last)
	return w.Model, history, w.follow, w.read()
}

func readJSON(path string, v any) error { return checkpoints.ReadJSON(path, v) }

func (w *watched) folder(step int) string {
	return filepath.Join(w.dir, "checkpoints", fmt.Sprintf("step-%08d", step))
}

// steps returns the steps of the checkpoints, oldest first.
func (w *watched) steps() []int {
	entries, err := os.ReadDir(filepath.Join(w.dir, "checkpoints")) // sorted
	if err != nil {
		return nil
	}
	all := []int{}
	for _, e := range entries {
		var step int
		if n, err := fmt.Sscanf(e.Name(), "step-%d", &step); n == 1 && err == nil && e.IsDir() {
			all = append(all, step)
		}
	}
	return all
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

// texts returns the windows of a step.
func (w *watched) texts(step int) (rows [][]int32, err error) {
	if step < 1 || step > w.last {
		return nil, errors.Errorf("step %d, want 1 … %d", step, w.last)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return windows(w.batches, step)
}

// windows returns the rows of a step's batch.
func windows(batches *data.Windows, step int) (rows [][]int32, err error) {
	feed, err := batches.Batch(step - 1)
	if err != nil {
		return nil, err
	}
	tokens := feed["tokens"]
	t := tokens.Shape()[1]
	for i := range tokens.Shape()[0] {
		rows = append(rows, append([]int32{}, tokens.Int32s()[i*t:(i+1)*t]...))
	}
	return rows, nil
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
	if steps := w.steps(); len(steps) > 0 && steps[len(steps)-1] > w.newest {
		w.newest = steps[len(steps)-1]
		if err := w.Reopen(w.newest, w.folder(w.newest)); err != nil {
			return err
		}
		w.history.Checkpoint(w.newest)
	}
	if step >= w.last {
		w.history.End()
	}
	return nil
}
