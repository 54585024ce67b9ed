package tokenize

import (
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

// writeFile writes data to a temporary file in the folder of path and renames it to path, so that a crash leaves the old
// file or the new one.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return errors.WithStack(err)
	}
	defer os.Remove(f.Name()) // fails after the file has been renamed
	_, err = f.Write(data)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.WithStack(err)
	}
	return errors.WithStack(syncFolder(filepath.Dir(path)))
}

// syncFolder makes the new name of a file durable. Errors of systems that cannot sync a folder are ignored.
func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	_ = f.Sync()
	return f.Close()
}
