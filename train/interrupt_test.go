//go:build unix

package train_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/train"
)

// TestUntilInterrupt runs this test again in a child, which gets the signal twice: the first ends the context, the second the
// child.
func TestUntilInterrupt(t *testing.T) {
	if os.Getenv("TRAIN_TEST_INTERRUPT") != "" {
		ctx, stop := train.UntilInterrupt(context.Background())
		defer stop()
		fmt.Println("ready")
		<-ctx.Done()
		fmt.Println("ended")
		time.Sleep(time.Minute) // not reached: the next signal is the end
		return
	}
	child := exec.Command(os.Args[0], "-test.run=^TestUntilInterrupt$")
	child.Env = append(os.Environ(), "TRAIN_TEST_INTERRUPT=1")
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Process.Kill()
	lines := bufio.NewScanner(out)
	for _, want := range []string{"ready", "ended"} {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("got line %q from the child, want %q", lines.Text(), want)
		}
		if want == "ready" {
			child.Process.Signal(os.Interrupt)
		}
	}
	ended := make(chan error, 1)
	go func() { ended <- child.Wait() }()
	for running := true; running; {
		child.Process.Signal(os.Interrupt) // again and again: the child gives the signals back a moment after it says ended
		select {
		case err = <-ended:
			running = false
		case <-time.After(10 * time.Millisecond):
		}
	}
	status, ok := child.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
		t.Errorf("got the child's end %v, want one by the second interrupt", err)
	}
}
