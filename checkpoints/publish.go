package checkpoints

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
)

// publish moves the files of stage into dir. At no moment does dir contain a mixture of old and new weights.
func publish(stage, dir string) error {
	names, err := namesIn(stage)
	if err != nil {
		return err
	}
	sharded := slices.Contains(names, indexName)
	if sharded { // remove the old weights first: an old index with new shards would be a mixture
		if err := removeAll(dir, weightsName, indexName); err != nil {
			return err
		}
	}
	slices.SortStableFunc(names, func(a, b string) int { return publishRank(a) - publishRank(b) })
	for _, name := range names {
		if err := os.Rename(filepath.Join(stage, name), filepath.Join(dir, name)); err != nil {
			return errors.Wrap(err, "publish")
		}
	}
	if err := removeStale(dir, names); err != nil {
		return err
	}
	return syncFolder(dir)
}

// publishRank orders the files of a model: other files, weights, index.
func publishRank(name string) int {
	switch {
	case name == indexName:
		return 2
	case isWeights(name):
		return 1
	}
	return 0
}

// removeStale removes the weights in dir that are not in fresh, the index before its shards.
func removeStale(dir string, fresh []string) error {
	names, err := namesIn(dir)
	if err != nil {
		return err
	}
	stale := slices.DeleteFunc(names, func(name string) bool { return !isWeights(name) || slices.Contains(fresh, name) })
	slices.SortStableFunc(stale, func(a, b string) int { return publishRank(b) - publishRank(a) })
	return removeAll(dir, stale...)
}

// removeAll removes files; a missing file is no error.
func removeAll(dir string, names ...string) error {
	for _, name := range names {
		if err := os.Remove(filepath.Join(dir, name)); err != nil && !os.IsNotExist(err) {
			return errors.Wrap(err, "remove old weights")
		}
	}
	return nil
}

func namesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, errors.Wrap(err, "list")
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}
