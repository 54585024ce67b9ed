package textfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// File is a file that Find has found.
type File struct {
	Path     string
	Size     int64
	Modified time.Time
}

// Find returns the files that paths name, in the order of paths, and within a folder by name:
//
//   - a file is itself;
//   - a folder is all files below it; names that begin with a dot are left out;
//   - any other path is a pattern of path/filepath.Match; its * and ? do not match a dot at the start of a name.
//
// Links are followed, to files and to folders. A file or a folder that is reached twice, by another path or by a link, counts
// once, so a link to a folder above does no harm. A link to nothing, a pipe, a device or a folder that cannot be listed is an
// error, and so are paths that name no file.
func Find(paths ...string) ([]File, error) {
	f := finder{seen: map[string]bool{}}
	for _, path := range paths {
		if err := f.add(path); err != nil {
			return nil, err
		}
	}
	if len(f.files) == 0 {
		return nil, errors.Errorf("%s: no files", strings.Join(paths, ", "))
	}
	return f.files, nil
}

// finder collects files.
type finder struct {
	files []File
	seen  map[string]bool // by path without links
}

func (f *finder) add(path string) error {
	if path == "" {
		return errors.New("the path of a text is empty: name a file, a folder or a pattern")
	}
	_, err := os.Lstat(path)
	if err == nil {
		return f.walk(path)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return fileError(path, err)
	}
	matches, err := match(path)
	if err != nil {
		return err
	}
	for _, m := range matches {
		if err := f.walk(m); err != nil {
			return err
		}
	}
	return nil
}

// walk adds the file at path, or all files below it.
func (f *finder) walk(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		if _, broken := os.Lstat(path); broken == nil && errors.Is(err, fs.ErrNotExist) {
			return errors.Errorf("%s: a link to nothing: remove it, or name the files", path)
		}
		return fileError(path, err)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return fileError(path, err)
	}
	if real, err = filepath.Abs(real); err != nil {
		return fileError(path, err)
	}
	if f.seen[real] {
		return nil
	}
	f.seen[real] = true
	if !info.IsDir() {
		if err := regular(path, info); err != nil {
			return err
		}
		f.files = append(f.files, File{filepath.Clean(path), info.Size(), info.ModTime()})
		return nil
	}
	entries, err := os.ReadDir(path) // sorted by name
	if err != nil {
		return fileError(path, err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if err := f.walk(filepath.Join(path, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// match returns the paths that match a pattern.
func match(pattern string) ([]string, error) {
	if strings.Contains(pattern, "**") {
		return nil, errors.Errorf("%s: ** is not known: a folder stands for all files below it", pattern)
	}
	all, err := filepath.Glob(pattern)
	if err != nil {
		return nil, errors.Wrapf(err, "%s: no such file, and as a pattern", pattern)
	}
	var matches []string
	for _, m := range all {
		if !hides(pattern, m) {
			matches = append(matches, m)
		}
	}
	if len(matches) == 0 {
		return nil, errors.Errorf("%s: no such file or folder, and as a pattern it matches none", pattern)
	}
	return matches, nil
}

// hides reports whether a name of path begins with a dot that the pattern does not have.
func hides(pattern, path string) bool {
	want, got := names(pattern), names(path)
	for i := 1; i <= min(len(want), len(got)); i++ {
		w, g := want[len(want)-i], got[len(got)-i]
		if strings.HasPrefix(g, ".") && !strings.HasPrefix(w, ".") && !strings.HasPrefix(w, `\.`) {
			return true
		}
	}
	return false
}

func names(path string) []string {
	return strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == filepath.Separator && r != '\\' })
}

// regular returns an error unless info is that of a regular file.
func regular(path string, info fs.FileInfo) error {
	kind := ""
	switch mode := info.Mode(); {
	case mode.IsRegular():
		return nil
	case mode.IsDir():
		kind = "a folder"
	case mode&fs.ModeNamedPipe != 0:
		kind = "a pipe"
	case mode&fs.ModeSocket != 0:
		kind = "a socket"
	default:
		kind = "a device"
	}
	return errors.Errorf("%s: %s, want a regular file: texts are read more than once", path, kind)
}

// fileError is err of package os without its path, which comes first.
func fileError(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return errors.Wrap(at.Err, path)
	}
	return errors.Wrap(err, path)
}
