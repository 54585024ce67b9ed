package inside

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// Watched returns a model in training for the page of -watch. tok and cuts are nil for a model that reads no text. batches are the run's:
// nothing else may use them.
func Watched(model models.Model, tok *tokenize.Tokenizer, cuts []Cutter, run job.Options, microBatches int, batches train.Source) *Model {
	m := &Model{Model: model, Tokenizer: tok, Cuts: cuts}
	m.Follow(run.Out)
	var reading sync.Mutex
	m.Examples = func(step int) ([]Example, error) {
		reading.Lock()
		defer reading.Unlock()
		return Examples(batches, step, microBatches, run.Steps)
	}
	return m
}

// Follow makes the checkpoints of a run those of its folder.
func (m *Model) Follow(dir string) {
	m.Steps = func() []int { return Steps(dir) }
	m.Load = func(step int, params *graph.Params) error { return m.LoadFolder(Folder(dir, step), params) }
}

// Steps returns the steps of the checkpoints in the folder of a run, oldest first.
func Steps(dir string) []int {
	all := []int{}
	entries, err := os.ReadDir(filepath.Join(dir, "checkpoints")) // sorted
	if err != nil {
		return all // there are none yet
	}
	for _, e := range entries {
		var step int
		if n, err := fmt.Sscanf(e.Name(), "step-%d", &step); n == 1 && err == nil && e.IsDir() {
			all = append(all, step)
		}
	}
	return all
}

// Folder returns the folder of a checkpoint.
func Folder(dir string, step int) string {
	return filepath.Join(dir, "checkpoints", fmt.Sprintf("step-%08d", step))
}
