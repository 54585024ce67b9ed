//go:build unix

package train_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/train"
)

const interruptEnv = "TRAIN_TEST_INTERRUPT"

// interrupted is the child process of the tests. It prints a line when the context is cancelled, and then keeps running.
func interrupted() {
	if os.Getenv(interruptEnv) == "nohup" {
		signal.Ignore(syscall.SIGHUP) // as nohup starts a program
	}
	ctx, stop := train.UntilInterrupt(context.Background())
	defer stop()
	fmt.Println("ready")
	<-ctx.Done()
	fmt.Println("ended")
	time.Sleep(time.Minute) // not reached: a signal ends the child
}

func startInterrupted(t *testing.T, test, how string) (*exec.Cmd, *bufio.Scanner) {
	t.Helper()
	child := exec.Command(os.Args[0], "-test.run=^"+test+"$")
	child.Env = append(os.Environ(), interruptEnv+"="+how)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { child.Process.Kill() })
	lines := bufio.NewScanner(out)
	wantLine(t, lines, "ready")
	return child, lines
}

func wantLine(t *testing.T, lines *bufio.Scanner, want string) {
	t.Helper()
	if !lines.Scan() || lines.Text() != want {
		t.Fatalf("got line %q from the child, want %q", lines.Text(), want)
	}
}

// wantEnd sends a signal until it ends the child. The child restores the default a moment after it prints its line.
func wantEnd(t *testing.T, child *exec.Cmd, by syscall.Signal) {
	t.Helper()
	ended := make(chan struct{})
	go func() { child.Wait(); close(ended) }()
	for running := true; running; {
		child.Process.Signal(by)
		select {
		case <-ended:
			running = false
		case <-time.After(10 * time.Millisecond):
		}
	}
	status, ok := child.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != by {
		t.Errorf("got the child's end %v, want one by %v", child.ProcessState, by)
	}
}

// TestUntilInterrupt runs this test again in a child for every signal: the first cancels the context, a second Ctrl-C or SIGTERM ends
// the child, and a second SIGHUP does not.
func TestUntilInterrupt(t *testing.T) {
	if os.Getenv(interruptEnv) != "" {
		interrupted()
		return
	}
	for _, first := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		for _, second := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
			child, lines := startInterrupted(t, "TestUntilInterrupt", "yes")
			child.Process.Signal(first)
			wantLine(t, lines, "ended")
			for range 5 {
				child.Process.Signal(syscall.SIGHUP)
			}
			time.Sleep(20 * time.Millisecond)
			if err := child.Process.Signal(syscall.Signal(0)); err != nil {
				t.Errorf("%v and SIGHUPs: the child has ended: %v", first, err)
			}
			wantEnd(t, child, second)
		}
	}
	child, lines := startInterrupted(t, "TestUntilInterrupt", "nohup")
	child.Process.Signal(syscall.SIGHUP)
	time.Sleep(50 * time.Millisecond)
	child.Process.Signal(syscall.SIGTERM) // the only signal that counts
	wantLine(t, lines, "ended")
	wantEnd(t, child, syscall.SIGTERM)
}

// TestSurvivePipes writes to a closed standard output in a child.
func TestSurvivePipes(t *testing.T) {
	if os.Getenv(interruptEnv) != "" {
		_, stop := train.UntilInterrupt(context.Background())
		defer stop()
		for range 3 {
			if _, err := fmt.Println("into the pipe"); err != nil && os.Getenv(interruptEnv) != "" {
				fmt.Fprintln(os.Stderr, "survived:", err)
			}
		}
		os.Exit(0)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	child := exec.Command(os.Args[0], "-test.run=^TestSurvivePipes$")
	child.Env = append(os.Environ(), interruptEnv+"=yes")
	var said strings.Builder
	child.Stdout, child.Stderr = w, &said
	err = child.Run()
	w.Close()
	if err != nil || strings.Count(said.String(), "survived:") != 3 {
		t.Errorf("got %v and %q, want a child that survives three writes", err, said.String())
	}
}
