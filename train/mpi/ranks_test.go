//go:build mpi

package mpi_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

var kills = flag.Int("kills", 3, "number of times that TestKilled kills a rank")

// start starts the training program on some ranks; 1 starts it without mpirun.
func start(t *testing.T, ranks int, args string) (cmd *exec.Cmd, said *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	name, before := os.Args[0], []string(nil)
	if ranks > 1 {
		mpirun, err := exec.LookPath("mpirun")
		if err != nil {
			t.Skip("mpirun is missing: apt-get install libopenmpi-dev openmpi-bin")
		}
		name, before = mpirun, []string{"--allow-run-as-root", "--oversubscribe", "--bind-to", "none", "-n", strconv.Itoa(ranks), os.Args[0]}
	}
	cmd, said = exec.CommandContext(ctx, name, before...), new(bytes.Buffer)
	cmd.Env = append(os.Environ(), argsName+"="+args, "GOMAXPROCS=1")
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, said
}

func mustTrain(t *testing.T, ranks int, args string) {
	t.Helper()
	cmd, said := start(t, ranks, args)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%d ranks: %v: %s", ranks, err, said)
	}
}

// results reads the files of a run that depend on all its steps.
func results(t *testing.T, dir string) (all [][]byte) {
	t.Helper()
	for _, name := range []string{"model.safetensors", "weights.csv", "checkpoints/step-00000040/optimizer.safetensors", "checkpoints/step-00000040/trainer_state.json"} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text)
	}
	return all
}

func sameResults(t *testing.T, dir string, want [][]byte) {
	t.Helper()
	for i, text := range results(t, dir) {
		if !bytes.Equal(text, want[i]) {
			t.Errorf("%s: file %d differs: %.300q, want %.300q", dir, i, text, want[i])
		}
	}
}

// TestRanks: 2 and 4 ranks of Open MPI, with whole and divided moments, leave the run of one process.
func TestRanks(t *testing.T) {
	t.Chdir(t.TempDir())
	mustTrain(t, 1, "-out one")
	want := results(t, "one")
	for out, ranks := range map[string]int{"two": 2, "four": 4, "zero": 4} {
		args := "-out " + out
		if out == "zero" {
			args += " -zero"
		}
		mustTrain(t, ranks, args)
		sameResults(t, out, want)
	}
	mustTrain(t, 2, "-out one -verify 7")
}

// TestKilled kills a rank again and again. Each time all ranks end within seconds and a line names the rank. The run, resumed with
// changing numbers of ranks, leaves the weights of an undisturbed one.
func TestKilled(t *testing.T) {
	t.Chdir(t.TempDir())
	mustTrain(t, 1, "-out one")
	t.Setenv(pauseName, "50ms") // so that the run does not end before it is killed
	random := rand.New(rand.NewPCG(1, 2))
	killed := 0
	for killed < *kills {
		ranks := 2 + killed%3
		for rank := range ranks {
			os.Remove(fmt.Sprintf("out/pid-%d", rank))
		}
		cmd, said := start(t, ranks, "-out out")
		rank := random.IntN(ranks)
		pid := await(t, fmt.Sprintf("out/pid-%d", rank), said)
		time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
		if syscall.Kill(pid, syscall.SIGKILL) != nil {
			break // the run has ended
		}
		begin := time.Now()
		err := cmd.Wait()
		if err == nil {
			break
		}
		killed++
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("%d ranks: ended %v after rank %d was killed", ranks, took, rank)
		}
		if !strings.Contains(said.String(), fmt.Sprintf("rank %d", rank)) {
			t.Errorf("%d ranks: no line names rank %d: %s", ranks, rank, said)
		}
		for other := range ranks {
			if gone(t, fmt.Sprintf("out/pid-%d", other)); t.Failed() {
				t.Fatalf("rank %d still runs: %s", other, said)
			}
		}
	}
	t.Logf("killed %d ranks", killed)
	t.Setenv(pauseName, "0s")
	mustTrain(t, 2, "-out out")
	sameResults(t, "out", results(t, "one"))
}

// TestStopped stops a rank without ending it, as a machine does that hangs. The others end, and a line names it.
func TestStopped(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv(pauseName, "100ms")
	cmd, said := start(t, 3, "-out out")
	pid := await(t, "out/pid-1", said)
	time.Sleep(500 * time.Millisecond)
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || !strings.Contains(said.String(), "mpi: rank 1 on ") || !strings.Contains(said.String(), "no sign of life for 2s") {
		t.Errorf("got error %v, said %s", err, said)
	}
}

// await reads the number of a process from a file, when it is there.
func await(t *testing.T, path string, said fmt.Stringer) int {
	t.Helper()
	for range 3000 {
		if text, err := os.ReadFile(path); err == nil {
			if pid, err := strconv.Atoi(string(text)); err == nil {
				return pid
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("%s is missing: %s", path, said)
	return 0
}

// gone fails if the process of a file lives for two more seconds. A rank that has not come to write its file has none.
func gone(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	pid, _ := strconv.Atoi(string(text))
	for range 200 {
		if syscall.Kill(pid, 0) != nil {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("process %d of %s lives", pid, path)
}
