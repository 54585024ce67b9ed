package checkpoints

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
)

// publish moves the files of stage into dir so that at no moment the weights there are a mixture of old and new.
func publish(stage, dir string) error {
	names, err := namesIn(stage)
	if err != nil {
		return err
	}
	sharded := slices.Contains(names, indexName)
	if sharded { // the old weights go first: new shards under an old index would be a mixture
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

// publishRank orders the files of a model: what goes with the weights, the weights, their index.
func publishRank(name string) int {
	switch {
	case name == indexName:
		return 2
	case isWeights(name):
		return 1
	}
	return 0
}

// removeStale removes the weights in dir that are not among the fresh files, the index before its shards.
func removeStale(dir string, fresh []string) error {
	names, err := namesIn(dir)
	if err != nil {
		return err
	}
	stale := slices.DeleteFunc(names, func(name string) bool { return !isWeights(name) || slices.Contains(fresh, name) })
	slices.SortStableFunc(stale, func(a, b string) int { return publishRank(b) - publishRank(a) })
	return removeAll(dir, stale...)
}

// removeAll removes the files of these names that exist.
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
