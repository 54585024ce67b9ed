//go:build unix

package turns

import (
	"time"

	"golang.org/x/sys/unix"
)

// processorTime returns the time that the process has used on all processors.
func processorTime() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
