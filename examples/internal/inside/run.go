package inside

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
)

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

// Windows returns the rows of the input tokens of a step's batches. No other goroutine may use the source.
func Windows(batches train.Source, step, microBatches, last int) (rows [][]int32, err error) {
	if step < 1 || step > last {
		return nil, errors.Errorf("step %d, want 1 … %d", step, last)
	}
	for i := range max(microBatches, 1) {
		feed, err := batches.Batch((step-1)*max(microBatches, 1) + i)
		if err != nil {
			return nil, err
		}
		tokens := feed["tokens"]
		t := tokens.Shape()[1]
		for i := range tokens.Shape()[0] {
			rows = append(rows, append([]int32{}, tokens.Int32s()[i*t:(i+1)*t]...))
		}
	}
	return rows, nil
}
