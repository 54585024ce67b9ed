package textfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pkg/errors"
)

// File is a file returned by Find.
type File struct {
	Path     string
	Size     int64
	Modified time.Time
}

// Find returns the files of all paths, in the order of paths. The files of a folder are sorted by name.
//
//   - The path of a file means this file.
//   - The path of a folder means all files below it, except names that begin with a dot.
//   - Any other path is a pattern of path/filepath.Match. Its * and ? do not match a dot at the start of a name.
//
// Find follows links to files and to folders. A file or folder that several paths or links reach counts once, so a link to a parent
// folder is harmless. A broken link, a pipe, a device or a folder that cannot be listed is an error. It is also an error if Find finds
// no file.
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
	seen  map[string]bool // keys are absolute paths with all links resolved
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
			return errors.Errorf("%s: a broken link: remove it, or name the files", path)
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
		return nil, errors.Errorf("%s: ** is not supported: name a folder for all files below it", pattern)
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

// hides reports whether a name in path begins with a dot and the same name in the pattern does not.
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

// regular returns an error unless info describes a regular file.
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

// fileError returns an error of package os with the path in front instead of in the middle.
func fileError(path string, err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return errors.Wrap(at.Err, path)
	}
	return errors.Wrap(err, path)
}
