package flags

import (
	"os"
	"strings"

	"github.com/pkg/errors"
)

// IsGGUF reports whether path names a GGUF file.
func IsGGUF(path string) bool { return strings.HasSuffix(strings.ToLower(path), ".gguf") }

// AnyModel is like Model, but also accepts a GGUF file.
func AnyModel(flag, path string) error {
	info, err := os.Stat(path)
	switch {
	case err == nil && !info.IsDir() && !IsGGUF(path):
		return errors.Errorf("-%s is %q, which is a file: want the folder of a model or a .gguf file", flag, path)
	case err == nil && info.Mode().IsRegular():
		return File(flag, path)
	}
	return Model(flag, path)
}
