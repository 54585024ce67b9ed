//go:build unix

package job_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/job"
)

// TestSignals sends signals to a run in a child process whose standard output and error are closed pipes. The run saves and ends, and
// then resumes to the same model.
func TestSignals(t *testing.T) {
	if os.Getenv(childEnv) != "" {
		signalled()
	}
	inFolder(t)
	mustRun(t, newProgram(), "")
	want := ends(t, "out")
	for _, signals := range [][]syscall.Signal{nil, {syscall.SIGINT}, {syscall.SIGTERM}, {syscall.SIGHUP}, {syscall.SIGHUP, syscall.SIGHUP}, {syscall.SIGPIPE}} {
		t.Chdir(t.TempDir())
		startClosed(t, signals)
		if text, err := os.ReadFile("failed"); err == nil {
			t.Fatalf("%v: the child failed: %s", signals, text)
		}
		p := newProgram()
		mustRun(t, p, "-resume")
		steps := 6
		if len(signals) == 0 || signals[0] == syscall.SIGPIPE {
			steps = 0
		}
		if len(p.losses) != steps {
			t.Errorf("%v: %d steps were left, want %d", signals, len(p.losses), steps)
		}
		sameFiles(t, ends(t, "out"), want)
	}
}

// signalled is the child of TestSignals. At step 6 it prints a line on descriptor 3 and then obeys the lines of standard input: "stop"
// waits for the end of the run's context and prints another line, "go" continues. If the parent dies, it continues too.
func signalled() {
	lines, told := bufio.NewScanner(os.Stdin), os.NewFile(3, "parent")
	p := newProgram()
	p.each = func(run *job.Run, step int) {
		if step != 6 {
			return
		}
		fmt.Fprintln(told, "trains")
		for lines.Scan() && lines.Text() == "stop" {
			<-run.Context().Done()
			fmt.Fprintln(told, "stopped")
		}
	}
	if _, err := p.run(""); err != nil {
		os.WriteFile("failed", []byte(err.Error()), 0o666)
	}
	os.Exit(0)
}

// startClosed runs the child with closed pipes and sends it signals while it trains. It waits for lines of the child, not for a time.
func startClosed(t *testing.T, signals []syscall.Signal) {
	t.Helper()
	closed, output := pipe(t)
	closed.Close()
	told, tells := pipe(t)
	child := exec.Command(os.Args[0], "-test.run=^TestSignals$")
	child.Env = append(os.Environ(), childEnv+"=yes")
	child.Stdout, child.Stderr, child.ExtraFiles = output, output, []*os.File{tells}
	orders, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	tells.Close()
	lines := bufio.NewScanner(told)
	expect := func(want string) {
		if !lines.Scan() || lines.Text() != want {
			t.Fatalf("%v: got %q from the child, want %q (%v)", signals, lines.Text(), want, child.Wait())
		}
	}
	expect("trains")
	for i, s := range signals {
		child.Process.Signal(s)
		if i == 0 && s != syscall.SIGPIPE {
			io.WriteString(orders, "stop\n")
			expect("stopped")
		}
	}
	io.WriteString(orders, "go\n")
	if err := child.Wait(); err != nil {
		t.Fatalf("%v: %v, want a child that saves and leaves", signals, err)
	}
	if strings.Contains(child.ProcessState.String(), "signal") {
		t.Errorf("%v: the child ended by %v", signals, child.ProcessState)
	}
}

// pipe returns a pipe that is closed at the end of the test.
func pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close(); w.Close() })
	return r, w
}
