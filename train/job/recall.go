package job

import (
	"flag"
	"io/fs"
	"path/filepath"

	"github.com/pkg/errors"
)

// Recall sets the flags in p.Data to their values in the run of a model, except flags on the command line. It is for programs that
// score a model on the data of its run. The model is the folder of a run or of one of its checkpoints. Recall returns the key of the
// run's data. The error is fs.ErrNotExist if the model belongs to no run.
func Recall(p Program, model string) (key string, err error) {
	was, err := readRecord(model)
	if above := filepath.Dir(filepath.Clean(model)); errors.Is(err, fs.ErrNotExist) && filepath.Base(above) == "checkpoints" {
		was, err = readRecord(filepath.Dir(above))
	}
	if err != nil {
		return "", err
	}
	defer func() { err = errors.WithMessagef(err, "the run of %s", model) }()
	if was.Program != p.Name {
		return "", errors.Errorf("program %q began it, this is %q: use %[1]q", was.Program, p.Name)
	}
	if p.Flags == nil {
		return was.Data, nil
	}
	given := map[string]bool{}
	p.Flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	for _, name := range p.Data {
		value, ok := was.Flags[name]
		if !ok {
			return "", errors.Errorf("%s has no flag -%s: another version of %q began it: name the data with flags", recordName, name, was.Program)
		}
		if given[name] {
			continue
		}
		if err := p.restore(name, value, "name the data to score with -"+p.Data[0]); err != nil {
			return "", err
		}
	}
	return was.Data, nil
}

// ProgramOf returns the name of the program that began the run in a folder. The error is fs.ErrNotExist if the folder has no run.
func ProgramOf(dir string) (string, error) {
	was, err := readRecord(dir)
	if err != nil {
		return "", err
	}
	return was.Program, nil
}
