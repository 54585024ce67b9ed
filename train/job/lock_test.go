package job_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/gorgoformer/gorgoformer/train/job"
)

const childEnv = "JOB_TEST_CHILD"

// TestLock: while a process trains, a second process fails at once. After the first is killed, the second succeeds.
func TestLock(t *testing.T) {
	if os.Getenv(childEnv) != "" {
		p := newProgram()
		p.each = func(_ *job.Run, step int) {
			if step == 5 {
				fmt.Println("trains")
				io.Copy(io.Discard, os.Stdin) // until the parent kills the child, or ends
			}
		}
		_, err := p.run("")
		t.Fatal(err) // reached only if the parent ends before it kills the child
	}
	inFolder(t)
	child := exec.Command(os.Args[0], "-test.run=^TestLock$")
	child.Env = append(os.Environ(), childEnv+"=yes")
	if _, err := child.StdinPipe(); err != nil { // stays open
		t.Fatal(err)
	}
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Process.Kill()
	for lines := bufio.NewScanner(out); lines.Scan() && lines.Text() != "trains"; {
	}
	before := files(t, "out")
	for _, args := range []string{"", "-resume", "-dry-run", "-resume -dry-run"} {
		_, err := newProgram().run(args)
		wantError(t, err, "run in out", "another process uses the folder", "-out")
	}
	sameFiles(t, files(t, "out"), before)
	child.Process.Kill()
	child.Wait()
	p := newProgram()
	mustRun(t, p, "-resume")
	if len(p.losses) != 8 {
		t.Errorf("took %d steps after the checkpoint of step 4, want 8", len(p.losses))
	}
}

// TestLockRace opens one folder from many goroutines until each has opened and removed it 20 times. Two never hold it at the same time.
func TestLockRace(t *testing.T) {
	inFolder(t)
	var holders atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for opened := 0; opened < 20; {
				run, err := job.Open(&job.Options{Out: "a/b", Steps: 1, EvalEvery: 1}, job.Program{})
				if err != nil { // another goroutine holds it
					runtime.Gosched()
					continue
				}
				opened++
				if holders.Add(1) > 1 {
					t.Error("two runs hold the folder")
				}
				holders.Add(-1)
				run.Close()
			}
		})
	}
	all.Wait()
}

// TestOpenLeavesNothing opens folders and closes them without a run.
func TestOpenLeavesNothing(t *testing.T) {
	inFolder(t)
	if err := os.MkdirAll("mine/empty", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile("mine/file", []byte("x"), 0o666); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ out, word string }{
		{"new", ""}, {"new/a/b/c", ""}, {"mine/empty", ""}, {"mine", ""}, {"mine/empty/new", ""}, {".", ""},
		{"mine/file", "is a file, want a folder"}, {"mine/file/below", "file"}, {"", "-out is empty"}, {"new/\x00", "new/"},
	} {
		run, err := job.Open(&job.Options{Out: c.out, Steps: 1, EvalEvery: 1}, job.Program{})
		if c.word != "" {
			wantError(t, err, c.word)
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", c.out, err)
			continue
		}
		run.Close()
		run.Close() // a second Close is no error
	}
	var left []string
	filepath.WalkDir(".", func(path string, _ os.DirEntry, _ error) error {
		left = append(left, path)
		return nil
	})
	if fmt.Sprint(left) != "[. mine mine/empty mine/file]" {
		t.Errorf("got %v left, want only the files from before", left)
	}
}

// TestUnwritable: Open returns an error for a folder that is not writable.
func TestUnwritable(t *testing.T) {
	inFolder(t)
	if err := os.Mkdir("locked", 0o555); err != nil {
		t.Fatal(err)
	}
	if os.WriteFile("locked/x", nil, 0o666) == nil {
		t.Skip("this user may write everywhere")
	}
	for _, out := range []string{"locked", "locked/new"} {
		_, err := newProgram().run("-out " + out)
		wantError(t, err, "run in "+out, "cannot be")
	}
}
