package checkpoints

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pkg/errors"
)

// WriteFile writes a file atomically. It writes a hidden file in the folder of path, syncs it, renames it to path, and syncs the
// folder. After an error, or if the process is killed, path is unchanged. WriteFile removes hidden files that killed calls
// left for the same path.
func WriteFile(path string, write func(w io.Writer) error) (err error) {
	defer func() { err = errors.WithMessagef(err, "checkpoints: %s", path) }()
	dir, name := filepath.Dir(path), filepath.Base(path)
	if err := removeHidden(dir, name); err != nil {
		return err
	}
	hidden := filepath.Join(dir, hiddenName(name))
	_, err = writeSynced(hidden, write)
	if err == nil {
		err = errors.Wrap(os.Rename(hidden, path), "rename")
	}
	if err != nil {
		os.Remove(hidden)
		return err
	}
	return syncFolder(dir)
}

// hiddenName returns a new temporary name for a file or folder called name.
func hiddenName(name string) string {
	return fmt.Sprintf("%s%016x", hiddenPrefix(name), rand.Uint64())
}

func hiddenPrefix(name string) string { return "." + name + ".tmp-" }

// removeHidden removes the temporary files and folders of killed writers of name in dir.
func removeHidden(dir, name string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return errors.Wrap(err, "remove leftovers")
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), hiddenPrefix(name)) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
			return errors.Wrap(err, "remove leftovers")
		}
	}
	return nil
}

// writeSynced writes and syncs a new file and returns its size and checksum. The caller names the file in the error.
func writeSynced(path string, write func(w io.Writer) error) (s stored, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return s, errors.Wrap(err, "create")
	}
	defer f.Close()
	sum := newSum()
	w := bufio.NewWriterSize(io.MultiWriter(f, sum), 64<<10) // larger writes, such as tensors, bypass the buffer
	if err := write(w); err != nil {
		return s, err
	}
	if err := w.Flush(); err != nil {
		return s, errors.Wrap(err, "write")
	}
	if err := f.Sync(); err != nil {
		return s, errors.Wrap(err, "flush")
	}
	stat, err := f.Stat()
	if err != nil {
		return s, errors.Wrap(err, "size")
	}
	return stored{stat.Size(), crc(sum.Sum32())}, errors.Wrap(f.Close(), "close")
}

// syncFolder makes the names in a folder durable. Windows neither has nor needs such a call.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	f, err := os.Open(dir)
	if err != nil {
		return errors.Wrap(err, "flush folder")
	}
	defer f.Close()
	return errors.Wrap(f.Sync(), "flush folder")
}

// makeFolder makes dir with its parents and makes their names durable.
func makeFolder(dir string) error {
	stat, err := os.Stat(dir)
	if err == nil && stat.IsDir() {
		return nil
	}
	if parent := filepath.Dir(dir); parent != dir {
		if err := makeFolder(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o777); err != nil && !os.IsExist(err) {
		return errors.Wrap(err, "make folder")
	}
	return syncFolder(filepath.Dir(dir))
}
