package job

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/gofrs/flock"
	"github.com/pkg/errors"
)

const lockName = ".lock"

// folder is the locked folder of a run.
type folder struct {
	path string
	lock *flock.Flock
	made []string // files and folders that did not exist before, the innermost last
}

// openFolder makes the folder, unless it exists, and locks it. It is an error if another process holds the lock. The lock ends when
// the process ends, even if it is killed.
func openFolder(path string) (f *folder, err error) {
	f = &folder{path: path}
	if err := f.make(path); err != nil {
		return nil, err
	}
	name := filepath.Join(path, lockName)
	_, missing := os.Lstat(name)
	for {
		f.lock = flock.New(name)
		locked, err := f.lock.TryLock()
		if err != nil {
			f.undo()
			return nil, errors.Wrap(err, "the folder cannot be written to")
		}
		if !locked {
			return nil, errors.New("another process uses the folder: wait for its end, or choose another -out")
		}
		if f.holds(name) {
			break
		}
		f.lock.Close() // the last holder of the lock has removed the file
	}
	if missing != nil {
		f.made = append(f.made, name)
	}
	return f, nil
}

// holds reports whether the locked file still has its name.
func (f *folder) holds(name string) bool {
	mine, err := f.lock.Stat()
	if err != nil {
		return false
	}
	named, err := os.Stat(name)
	return err == nil && os.SameFile(mine, named)
}

// make makes a folder and its parent folders.
func (f *folder) make(path string) error {
	if stat, err := os.Stat(path); err == nil {
		if !stat.IsDir() {
			return errors.Errorf("%s is a file, want a folder: choose another -out", path)
		}
		return nil
	}
	if parent := filepath.Dir(path); parent != path {
		if err := f.make(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(path, 0o777); os.IsExist(err) {
		return nil // another process was faster
	} else if err != nil {
		f.undo()
		return errors.Wrap(err, "the folder cannot be made")
	}
	f.made = append(f.made, path)
	return nil
}

// undo removes the files and folders in made, from the innermost. It stops at a folder that is not empty.
func (f *folder) undo() {
	for i := len(f.made) - 1; i >= 0; i-- {
		if err := os.Remove(f.made[i]); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return
		}
	}
}

// file records a file that the program may make, unless the file exists.
func (f *folder) file(path string) {
	if _, err := os.Lstat(path); err != nil && !slices.Contains(f.made, path) {
		f.made = append(f.made, path)
	}
}

// close releases the lock. If no run has used the folder, close also removes the files and folders that openFolder made.
func (f *folder) close(used bool) error {
	if !used {
		f.undo() // before the lock is released, so that no other process uses the folder
	}
	return errors.Wrap(f.lock.Close(), "unlock")
}
