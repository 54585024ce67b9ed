package main

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// task holds the data of a comparison.
type task struct {
	about         string // of the data: "a.txt, 123,456 characters"
	unit          string // of the speed: pairs or characters
	units         int    // in a batch
	vocab, window int    // of the models
	rows, length  int    // shape of a batch
	key           string // of all data
	exact         bool   // results have an exact score
	tok           vocabulary.Vocabulary
	stop          []int32             // ids that end an answer
	prompt        func(i int) []int32 // prompt of sample i

	batches func() train.Source // the same for every model
	held    func() job.Held
	score   func(c contender, params *graph.Params, r *result) error // fills in the scores of the task in addition to the loss
}

// load reads the data of the task in the flags.
func (o *options) load() (*task, error) {
	if o.name == "text" {
		return o.text()
	}
	return o.dates()
}

// resume sets the flags to those of the first model of an earlier comparison in the folder, if there is one. With -resume there must be.
func (o *options) resume() error {
	for _, name := range names {
		if hasRun(o.dir(name)) {
			return o.recall(o.dir(name))
		}
	}
	if o.Change != "" {
		return errors.Errorf("-change is %s, but no run is resumed: leave it out", o.Change)
	}
	if o.Resume {
		return errors.Errorf("run in %s: no run to resume: check -out, or leave out -resume to begin a run", filepath.Join(o.Out, o.name))
	}
	return nil
}

// hasRun reports whether a folder may hold a run.
func hasRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "run.json"))
	return !errors.Is(err, fs.ErrNotExist)
}
