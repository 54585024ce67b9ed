// Package goroot finds texts in the Go distribution, which every user of the examples has.
package goroot

import (
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
)

// Source returns the path of a file or folder in the sources of the Go distribution.
func Source(path ...string) (string, error) {
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", errors.Wrap(err, "go env GOROOT, to find texts of the Go distribution (-data names other texts)")
	}
	return filepath.Join(append([]string{strings.TrimSpace(string(root)), "src"}, path...)...), nil
}

// Opticks returns the path of Newton's Opticks.
func Opticks() (string, error) { return Source("testdata", "Isaac.Newton-Opticks.txt") }
