package job

import (
	"flag"
	"io/fs"
	"path/filepath"

	"github.com/pkg/errors"
)

// Recall sets the named flags of f to their values in the run of a model, except flags on the command line. It is for programs that
// score a model on the data of its run. The model is the folder of a run or of one of its checkpoints. Recall returns the key of the
// run's data. The error is fs.ErrNotExist if the model belongs to no run.
func Recall(f *flag.FlagSet, model string, names ...string) (data string, err error) {
	was, err := readRecord(model)
	if above := filepath.Dir(filepath.Clean(model)); errors.Is(err, fs.ErrNotExist) && filepath.Base(above) == "checkpoints" {
		was, err = readRecord(filepath.Dir(above))
	}
	if err != nil {
		return "", err
	}
	given := map[string]bool{}
	f.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, name := range names {
		value, ok := was.Flags[name]
		if !ok {
			return "", errors.Errorf("%s: the run of %s has no flag -%s: program %q began it", recordName, model, name, was.Program)
		}
		if given[name] {
			continue
		}
		if err := f.Set(name, value); err != nil {
			return "", errors.Wrapf(err, "%s: -%s", recordName, name)
		}
	}
	return was.Data, nil
}
