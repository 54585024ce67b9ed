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
	files = slices.DeleteFunc(files, func(f textfile.File) bool { return f.Path == filepath.Clean(except) })
	if len(files) == 0 {
		return nil, errors.Errorf("%s: no files but the token file itself", except)
	}
	return files, nil
}
