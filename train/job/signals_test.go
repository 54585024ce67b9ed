//go:build unix

package job_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gorgoformer/gorgoformer/train/job"
)

// TestSignals sends signals to a run in a child process whose standard output and error are closed pipes. The run saves and ends, and
// then resumes to the same model.
func TestSignals(t *testing.T) {
	if how := os.Getenv(childEnv); how != "" {
		p := newProgram()
		p.each = func(_ *job.Run, step int) {
			if step == 6 && how == "wait" {
				os.WriteFile("trains", nil, 0o666)
				time.Sleep(200 * time.Millisecond)
			}
		}
		if _, err := p.run(""); err != nil {
			os.WriteFile("failed", []byte(err.Error()), 0o666)
		}
		os.Exit(0)
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

// startClosed runs the child with closed pipes and sends it signals while it trains.
func startClosed(t *testing.T, signals []syscall.Signal) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	defer w.Close()
	child := exec.Command(os.Args[0], "-test.run=^TestSignals$")
	child.Env = append(os.Environ(), childEnv+"=wait")
	child.Stdout, child.Stderr = w, w
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	for range 1000 {
		if _, err := os.Stat("trains"); err == nil {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	for _, s := range signals {
		child.Process.Signal(s)
		time.Sleep(10 * time.Millisecond)
	}
	if err := child.Wait(); err != nil {
		t.Fatalf("%v: %v, want a child that saves and leaves", signals, err)
	}
	if strings.Contains(child.ProcessState.String(), "signal") {
		t.Errorf("%v: the child ended by %v", signals, child.ProcessState)
	}
}
