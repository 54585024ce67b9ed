// Package atomicfile writes files that appear complete or not at all. A file is written under a hidden name in its folder,
// synced, and renamed to its name. A crash leaves the old file or the new one.
package atomicfile

import (
	stderrors "errors"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/pkg/errors"
)

// File is a new file under a hidden name. Commit gives the file its name, Abandon removes it.
type File struct {
	*os.File
	path string
	done bool
}

// Create creates a File for path. An existing file of this name stays until Commit.
func Create(path string) (*File, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, errors.WithStack(err)
	}
	return &File{File: f, path: path}, nil
}

// Commit makes the file durable and gives it its name. After an error the file is removed.
func (f *File) Commit() error {
	defer f.Abandon()
	err := f.Chmod(0o644)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	if err != nil {
		return errors.WithStack(err)
	}
	f.done = true
	return syncFolder(filepath.Dir(f.path))
}

// Abandon closes and removes the file. After Commit or Abandon it does nothing.
func (f *File) Abandon() {
	if f.done {
		return
	}
	f.done = true
	f.Close()
	os.Remove(f.Name())
}

// Write writes data to the file path.
func Write(path string, data []byte) error {
	f, err := Create(path)
	if err != nil {
		return err
	}
	defer f.Abandon()
	if _, err := f.Write(data); err != nil {
		return errors.WithStack(err)
	}
	return f.Commit()
}

// syncFolder makes the new name of a file in dir durable. Windows and some file systems cannot sync a folder, which is no
// error.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return errors.WithStack(err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, stderrors.ErrUnsupported) {
		return errors.WithStack(err)
	}
	return nil
}
