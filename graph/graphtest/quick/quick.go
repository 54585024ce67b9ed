// Package quick runs the tests of a package in less time.
package quick

import (
	"os"
	"runtime/debug"
	"testing"
)

// Main runs the tests and returns their exit code. Garbage is collected less often: most tests declare many small graphs. Temporary
// files are kept in memory where the system has a folder for that: training runs save often, and wait for the disk each time.
// GOGC and TMPDIR of the environment win.
func Main(m *testing.M) int {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
	if dir := memoryFolder(); dir != "" && os.Getenv("TMPDIR") == "" {
		os.Setenv("TMPDIR", dir)
	}
	return m.Run()
}
