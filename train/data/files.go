package data

import (
	"path/filepath"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// findFiles returns the files that textfile.Find finds, without the file named except.
func findFiles(paths []string, except string) ([]textfile.File, error) {
	files, err := textfile.Find(paths...)
	if err != nil || except == "" {
		return files, err
	}
	except = absolute(except)
	files = slices.DeleteFunc(files, func(f textfile.File) bool { return absolute(f.Path) == except })
	if len(files) == 0 {
		return nil, errors.Errorf("%s: no files but the token file itself", except)
	}
	return files, nil
}

// absolute returns the absolute path of a file, or the path itself if the current folder is unknown.
func absolute(path string) string {
	if full, err := filepath.Abs(path); err == nil {
		return full
	}
	return filepath.Clean(path)
}
