package tokentest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Opticks is the path of an English text in the sources of the Go distribution.
const Opticks = "testdata/Isaac.Newton-Opticks.txt"

// Shared returns the path of a file of ../shared, next to the project. It skips the test if the file is missing.
func Shared(t testing.TB, parts ...string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the working directory")
		}
		dir = up
	}
	path := filepath.Join(append([]string{dir, "..", "shared"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no reference data: %v", err)
	}
	return path
}

// GoSource returns a text of the Go distribution. It skips the test if the text is missing.
func GoSource(t testing.TB, parts ...string) string {
	t.Helper()
	data, err := os.ReadFile(GoPath(t, parts...))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// goRoot returns the folder of the Go distribution, "" without a go command.
var goRoot = sync.OnceValue(func() string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
})

// GoPath returns the path of a source of the Go distribution. It skips the test if the file is missing.
func GoPath(t testing.TB, parts ...string) string {
	t.Helper()
	path := filepath.Join(append([]string{goRoot(), "src"}, parts...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("no sources of the Go distribution: %v", err)
	}
	return path
}
