//go:build unix

package models_test

import (
	"runtime"

	"golang.org/x/sys/unix"
)

// peakMB returns the peak memory of the process.
func peakMB() float64 {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return float64(u.Maxrss) / 1e6
	}
	return float64(u.Maxrss) * 1024 / 1e6
}
