package flags

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// Input returns an error that names the flag if path is a missing or an empty file. It accepts the path "" and patterns, which the
// reader of the path checks.
func Input(flag, path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && strings.ContainsAny(path, "*?["):
		return nil
	case err != nil:
		return reason(flag, path, err)
	case info.Mode().IsRegular() && info.Size() == 0:
		return errors.Errorf("-%s is %q, which is an empty file: name another", flag, path)
	}
	return nil
}

// File is like Input, for a flag that does not take a folder.
func File(flag, path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return errors.Errorf("-%s is %q, which is a folder: want a file", flag, path)
	}
	return Input(flag, path)
}

// Model returns an error that names the flag if dir is not the folder of a model.
func Model(flag, dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.Errorf("-%s is %q, which does not exist: train a model first, or name another folder", flag, dir)
	case err != nil:
		return reason(flag, dir, err)
	case !info.IsDir():
		return errors.Errorf("-%s is %q, which is a file: want the folder of a model", flag, dir)
	}
	for _, name := range []string{"config.json", "adapter_config.json"} {
		if _, err := os.Stat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return nil
		}
	}
	if steps, _ := filepath.Glob(filepath.Join(dir, "checkpoints", "step-*")); len(steps) > 0 { // sorted
		return errors.Errorf("-%s is %q, which holds an unfinished run: finish it with train -resume -out %s, or use its checkpoint %s",
			flag, dir, dir, steps[len(steps)-1])
	}
	return errors.Errorf("-%s is %q, which has no config.json: want the folder of a model", flag, dir)
}

// WholeModel is like AnyModel, but a folder with an adapter of another model is an error.
func WholeModel(flag, dir string) error {
	if err := AnyModel(flag, dir); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(dir, "adapter_config.json")); err != nil {
		return nil
	}
	return errors.Errorf("-%s is %q, an adapter of another model: write the whole model with the command merge of the program that trained it, such as %s, and name that",
		flag, dir, Call("gpt", "merge -model "+dir+" -out "+dir+"-whole"))
}

// Tokenizer returns an error that names the flag if name is neither a kind of tokenizer nor an existing path.
func Tokenizer(flag, name string) error {
	kinds := []string{"char", "word", "bpe", "unigram", "wordpiece"}
	if slices.Contains(kinds, name) {
		return nil
	}
	_, err := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.Errorf("-%s is %s, which does not exist: want %s, or the path of a trained tokenizer", flag, shorten(name), strings.Join(kinds, ", "))
	}
	if err != nil {
		return reason(flag, name, err)
	}
	return nil
}

// NewOutput returns an error that names the flag if path exists, unless it is an empty folder, so that no file is replaced.
func NewOutput(flag, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) || err != nil && isBelowFile(err) {
		return nil // Output names the file
	} else if err != nil {
		return reason(flag, path, err)
	}
	if info.IsDir() {
		if names, err := os.ReadDir(path); err != nil {
			return reason(flag, path, err)
		} else if len(names) == 0 {
			return nil
		}
	}
	return errors.Errorf("-%s is %q, which exists: name another path, or remove it first", flag, path)
}

// Output returns an error that names the flag if files cannot be made in dir. dir need not exist. Output leaves no file behind.
func Output(flag, dir string) error {
	at := filepath.Clean(dir)
	info, err := os.Stat(at)
	for err != nil && at != filepath.Dir(at) && (errors.Is(err, fs.ErrNotExist) || isBelowFile(err)) {
		if _, linked := os.Lstat(at); linked == nil {
			return errors.Errorf("-%s is %q, but %s is a link to a missing file: want a folder", flag, dir, at)
		}
		at = filepath.Dir(at)
		info, err = os.Stat(at)
	}
	if err != nil {
		return reason(flag, dir, err)
	}
	if !info.IsDir() {
		return errors.Errorf("-%s is %q, but %s is a file: want a folder, or a path for a new one", flag, dir, at)
	}
	probe, err := os.MkdirTemp(at, ".probe-")
	if err != nil {
		return reason(flag, dir, err)
	}
	return errors.WithStack(os.Remove(probe))
}

// NewFile returns an error that names the flag unless path is "" or names a new file in a folder that exists and takes files.
func NewFile(flag, path string) error {
	if path == "" {
		return nil
	}
	if _, err := os.Lstat(path); err == nil {
		return errors.Errorf("-%s is %q, which exists: name another file", flag, path)
	}
	dir := filepath.Dir(path)
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return errors.Errorf("-%s is %q, want a file in a folder that exists", flag, path)
	}
	return Output(flag, dir)
}

// isBelowFile reports whether err means that a parent of the path is a file.
func isBelowFile(err error) bool {
	path := (*fs.PathError)(nil)
	return errors.As(err, &path) && strings.Contains(path.Err.Error(), "not a directory")
}

// reason returns an error that names the flag, the path once and the cause.
func reason(flag, path string, err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		err = p.Err
	}
	return errors.Errorf("-%s is %s: %v", flag, shorten(path), err)
}

// shorten quotes a path, without the middle if it is long.
func shorten(path string) string {
	if r := []rune(path); len(r) > 120 {
		path = string(r[:50]) + "…" + string(r[len(r)-50:])
	}
	return `"` + strings.ReplaceAll(path, "\n", `\n`) + `"`
}
