package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/corpora"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// watched is a training run in a folder, of this or of another process.
type watched struct {
	*inside.Model
	out     io.Writer // of errors
	dir     string
	history *page.History
	files   *page.Reader
	last    int // step of the run's end
	micro   int // batches of a step
	newest  int // step of the newest checkpoint
	live    bool
	told    string // last error

	mu      sync.Mutex
	batches train.Source // of a language model; nil if they cannot be known
}

// record is the part of run.json that the page needs.
type record struct {
	Program string            `json:"program"`
	Flags   map[string]string `json:"flags"`
	Data    string            `json:"data"` // key of the training data
}

// openRun opens a training run with its checkpoints. If it has none yet but goes on, openRun waits for the first. learn follows its log.
func openRun(out io.Writer, dir string, history *page.History) (shown, error) {
	var r record
	if err := checkpoints.ReadJSON(filepath.Join(dir, "run.json"), &r); err != nil {
		return shown{}, errors.WithMessagef(err, "-run is %q: it is no folder of a run", dir)
	}
	w := &watched{out: out, dir: dir, history: history, files: page.NewReader(dir, history)}
	w.last, _ = strconv.Atoi(r.Flags["steps"])
	w.micro, _ = strconv.Atoi(r.Flags["micro-batches"])
	if err := w.wait(out); err != nil {
		return shown{}, err
	}
	steps := inside.Steps(dir)
	var err error
	w.newest = steps[len(steps)-1]
	if w.Model, err = inside.OpenAfter(w.newest, inside.Folder(dir, w.newest)); err != nil {
		return shown{}, err
	}
	w.Follow(dir)
	w.batches = batches(dir, r)
	if w.batches != nil {
		w.Examples = w.examples
	}
	history.Begin(w.last)
	w.live = true
	return shown{w.Model, history, nil, w.follow}, w.read()
}

// wait waits for the first checkpoint of a run that goes on.
func (w *watched) wait(out io.Writer) error {
	for told := false; len(inside.Steps(w.dir)) == 0; time.Sleep(pause) {
		if !w.grows() {
			return errors.Errorf("-run is %q, which has no checkpoint and does not go on: train it up to its first evaluation", w.dir)
		}
		if !told {
			fmt.Fprintf(out, "waiting for the first checkpoint in %s\n", w.dir)
			told = true
		}
	}
	return nil
}

// How a run of another process is followed.
const (
	pause = time.Second     // between two looks at its folder
	quiet = 2 * time.Minute // without a new row in the log, after which it has ended
)

// grows reports whether the log of the run has grown lately.
func (w *watched) grows() bool {
	log, err := os.Stat(filepath.Join(w.dir, "log.csv"))
	return err == nil && time.Since(log.ModTime()) < quiet
}

// batches returns the batches of a run of examples/gpt, or nil for another program or if its data are gone or have changed.
func batches(dir string, r record) train.Source {
	rows, err1 := strconv.Atoi(r.Flags["batch"])
	context, err2 := strconv.Atoi(r.Flags["context"])
	seed, err3 := strconv.ParseUint(r.Flags["seed"], 10, 64)
	if r.Program != "gpt" || err1 != nil || err2 != nil || err3 != nil || rows < 1 || context < 1 {
		return nil
	}
	var mix corpora.Mix
	if mix.Set(r.Flags["mix"]) == nil && corpora.Is(r.Flags["data"], mix) {
		c, err := corpora.Open(r.Flags["data"], mix)
		if err != nil || c.Key != r.Data {
			return nil
		}
		return c.Batches(rows, context, r.Flags["pack"] == "true", seed)
	}
	corpus, err := data.OpenCorpus(filepath.Join(dir, "tokens.bin"))
	if err != nil {
		return nil
	}
	learn, _, err := corpus.Split(0.9)
	if err != nil {
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

// follow looks at the files of the run until the program ends.
func (w *watched) follow(done <-chan struct{}) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return nil
		case <-tick.C:
			w.look()
		}
	}
}

// look reads the files of the run. The page of a run whose files are damaged or gone keeps all that it has: look prints each error once, and
// reads on when the files are mended.
func (w *watched) look() {
	err := w.read()
	if err == nil {
		w.told = ""
		return
	}
	if w.live {
		w.live = false
		w.history.End()
	}
	if err.Error() != w.told {
		w.told = err.Error()
		fmt.Fprintf(w.out, "explore: %s; the page shows the run up to here\n", w.told)
	}
}

// read reads the new lines of the run's files, looks for new checkpoints and finds out whether the run goes on.
func (w *watched) read() error {
	if err := w.files.Read(); err != nil {
		return err
	}
	if steps := inside.Steps(w.dir); len(steps) > 0 && steps[len(steps)-1] > w.newest {
		w.newest = steps[len(steps)-1]
		err := w.Reopen(w.newest, inside.Folder(w.dir, w.newest))
		if _, gone := os.Stat(inside.Folder(w.dir, w.newest)); err != nil && gone == nil {
			return err // an error for a checkpoint that the run has removed is none: a newer one follows
		}
		w.history.Checkpoint(w.newest)
	}
	live := w.newest < w.last && w.grows() // the last step has a checkpoint
	if live && !w.live {
		w.history.Begin(w.last)
	} else if !live && w.live {
		w.history.End()
	}
	w.live = live
	return nil
}
