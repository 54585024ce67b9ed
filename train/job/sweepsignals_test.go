//go:build unix

package job_test

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestSweepSignals sends signals to a sweep, not to its run. The run saves, and the sweep ends.
func TestSweepSignals(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		inFolder(t)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		var said bytes.Buffer
		c := exec.CommandContext(ctx, os.Args[0], "sweeps", "-out", "s", "-sweep", "lr=1e-5,1e-6", "-steps", "1000000000", "-eval-every", "10")
		c.Stdout, c.WaitDelay = &said, time.Second
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		for ctx.Err() == nil {
			if found, _ := filepath.Glob("s/lr=1e-5/checkpoints/step-*"); len(found) > 0 {
				break
			}
			time.Sleep(5 * time.Millisecond)
		}
		if err := c.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
		if err := c.Wait(); err != nil {
			t.Fatalf("%v: the sweep ended with %v", sig, err)
		}
		for _, want := range []string{"continue with -resume", "the sweep is interrupted"} {
			if !strings.Contains(said.String(), want) {
				t.Errorf("%v: said %q, want %q in it", sig, said.String(), want)
			}
		}
	}
}
