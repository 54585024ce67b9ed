package train

import (
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// sourceFile is a file of text and what tells whether it has changed.
type sourceFile struct {
	path  string
	size  int64
	mtime int64 // in nanoseconds since 1970
}

// findFiles lists the files behind paths: a file itself, all files below a folder whose names do not begin with a dot, and what a
// glob pattern matches. Each is listed once, in the order of paths, and by name within a folder. The file except is left out.
func findFiles(paths []string, except string) ([]sourceFile, error) {
	var files []sourceFile
	seen := map[string]bool{}
	if except != "" {
		seen[filepath.Clean(except)] = true
	}
	for _, p := range paths {
		matches, err := matchFiles(p)
		if err != nil {
			return nil, err
		}
		for _, m := range matches {
			found, err := filesBelow(m)
			if err != nil {
				return nil, err
			}
			for _, f := range found {
				if !seen[f.path] {
					seen[f.path] = true
					files = append(files, f)
				}
			}
		}
	}
	if len(files) == 0 {
		return nil, errors.Errorf("no files in %s", strings.Join(paths, ", "))
	}
	return files, nil
}

// matchFiles is the path itself when it exists, so that names with brackets work, and otherwise its matches as a pattern.
func matchFiles(path string) ([]string, error) {
	if _, err := os.Stat(path); err == nil {
		return []string{path}, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, errors.WithStack(err)
	}
	matches, err := filepath.Glob(path)
	if err != nil {
		return nil, errors.Wrapf(err, "pattern %s", path)
	}
	if len(matches) == 0 {
		return nil, errors.Errorf("%s: there is no such file or folder, and as a pattern it matches none", path)
	}
	return matches, nil
}

func filesBelow(root string) ([]sourceFile, error) {
	var files []sourceFile
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return errors.WithStack(err)
		}
		hidden := path != root && strings.HasPrefix(d.Name(), ".")
		if hidden && d.IsDir() {
			return filepath.SkipDir
		}
		info, err := os.Stat(path) // follows a link, which d does not
		if err != nil {
			return errors.WithStack(err)
		}
		if !hidden && info.Mode().IsRegular() {
			files = append(files, sourceFile{filepath.Clean(path), info.Size(), info.ModTime().UnixNano()})
		}
		return nil
	})
	slices.SortFunc(files, func(a, b sourceFile) int { return strings.Compare(a.path, b.path) })
	return files, err
}

// openText opens a file and unpacks it when its name ends in .gz.
func openText(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	if !strings.HasSuffix(path, ".gz") {
		return f, nil
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		f.Close()
		return nil, errors.Wrapf(err, "unpack %s", path)
	}
	return &unpacked{z, f}, nil
}

// unpacked closes the file below the reader, too.
type unpacked struct {
	*gzip.Reader
	file *os.File
}

func (u *unpacked) Close() error {
	err := u.Reader.Close()
	if e := u.file.Close(); err == nil {
		err = e
	}
	return err
}
