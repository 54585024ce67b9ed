package job

import (
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
)

// absolute returns the value of a flag, made absolute if the flag is a path. If the current folder is unknown, it returns the value
// unchanged.
func (p Program) absolute(name, value string) string {
	if value == "" || !slices.Contains(p.Paths, name) {
		return value
	}
	if path, err := filepath.Abs(value); err == nil {
		return path
	}
	return value
}

// restore sets a flag to its value in the run. If the value is the path of data that are no longer there, it returns an error that ends
// with the remedy.
func (p Program) restore(name, value, remedy string) error {
	if value != "" && slices.Contains(p.Paths, name) && slices.Contains(p.Data, name) && !exists(value) {
		return errors.Errorf("-%s is %s in the run, which does not exist: %s", name, quoted(value), remedy)
	}
	f := p.Flags.Lookup(name)
	if f == nil {
		return errors.Errorf("Program.Data names -%s, but the program declares no such flag", name)
	}
	if f.Value.String() == value { // an unset flag may have a value that cannot be set, such as ""
		return nil
	}
	return errors.Wrapf(p.Flags.Set(name, value), "%s: -%s", recordName, name)
}

// exists reports whether path is a file, a folder or a pattern that matches one. A path that cannot be examined counts as existing.
func exists(path string) bool {
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		return true
	}
	found, err := filepath.Glob(path)
	return err == nil && len(found) > 0
}
