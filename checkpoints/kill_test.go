package checkpoints_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

const (
	childEnv = "GORGOFORMER_CHECKPOINTS_CHILD"
	kills    = 100
	patience = 20 * time.Second // on a slow disk fewer kills have to do
)

// killedRun is where the child saves: enough tensors that a kill often falls between two files.
func killedRun(dir string) checkpoints.Run { return checkpoints.Run{Dir: dir, Keep: 2} }

// stamped is a checkpoint each of whose values is its stamp; half of the stamps share their step with the one before, so
// that folders are also replaced.
func stamped(stamp int) checkpoints.Checkpoint {
	var list []named
	for i := range 8 {
		list = append(list, named{fmt.Sprintf("h.%d.weight", i), filled(float32(stamp), 64, 64)})
	}
	return checkpoints.Checkpoint{
		Step:      stamp / 2,
		Loss:      new(1 + float64(stamp%7)),
		Model:     checkpoints.Model{Config: config{Layers: stamp}, Weights: pairs(list...), ShardBytes: 70_000},
		Optimizer: pairs(list...),
		State:     state{Cursor: stamp},
	}
}

// stampOf loads a checkpoint and wants all of its parts to carry one stamp, which it returns.
func stampOf(t *testing.T, s checkpoints.Saved) int {
	t.Helper()
	c := stamped(0)
	var st state
	var cfg config
	optimizer, err := s.Load(c.Model.Weights, &st)
	check(t, err)
	check(t, checkpoints.ReadConfig(s.Dir, &cfg))
	wantSame(t, "config", cfg.Layers, st.Cursor)
	wantSame(t, "step", s.Step, st.Cursor/2)
	wantSame(t, "loss", s.Loss, 1+float64(st.Cursor%7))
	wantUntouched(t, c.Model.Weights, float32(st.Cursor))
	wantUntouched(t, func(yield func(string, *tensor.Dense) bool) {
		for name, x := range optimizer {
			if !yield(name, x) {
				return
			}
		}
	}, float32(st.Cursor))
	return st.Cursor
}

// TestKilledWhileSaving kills a process that saves in a loop, many times at random moments. After each kill the newest
// whole checkpoint is at least the last one whose Save had returned, all of its parts belong together, no checkpoint under its
// real name is damaged, and what the kill left behind is gone after the next start's first save.
func TestKilledWhileSaving(t *testing.T) {
	if dir := os.Getenv(childEnv); dir != "" {
		saveForever(dir)
	}
	if testing.Short() {
		t.Skip("a hundred processes")
	}
	r := killedRun(t.TempDir())
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Now()
	_, err := checkpoints.Run{Dir: t.TempDir()}.Save(stamped(0))
	check(t, err)
	within := 6 * int64(time.Since(begin)) // several saves of the disk at hand, however slow
	last, inSave, done := -1, 0, 0
	for begin = time.Now(); done < kills && (done < kills/10 || time.Since(begin) < patience); done++ {
		returned := saveUntilKilled(t, r.Dir, time.Duration(random.Int64N(within)))
		hidden := hiddenIn(t, r.Dir)
		if hidden > 0 {
			inSave++
		}
		if hidden > 2 { // at most one being written or removed, and one moved aside
			t.Fatalf("got %d hidden folders after a kill, want at most 2", hidden)
		}
		last = newestStamp(t, r, max(last, returned))
	}
	t.Logf("%d saves; %d of %d kills fell into one", last+1, inSave, done)
	if inSave == 0 {
		t.Errorf("no kill fell into a save: the test shows nothing")
	}
	_, err = r.Save(stamped(last + 2))
	check(t, err)
	wantSame(t, "hidden folders after a save", hiddenIn(t, r.Dir), 0)
}

// newestStamp is that of the newest checkpoint, which must be at least the given one; -1 while there is none and none is due.
func newestStamp(t *testing.T, r checkpoints.Run, atLeast int) int {
	t.Helper()
	latest, err := r.Latest()
	if errors.Is(err, fs.ErrNotExist) && atLeast < 0 {
		return -1
	}
	check(t, err)
	wantSame(t, "damaged", len(latest.Damaged), 0)
	stamp := stampOf(t, latest)
	if stamp < atLeast {
		t.Fatalf("got stamp %d, want at least %d, whose save returned", stamp, atLeast)
	}
	best, err := r.Best()
	check(t, err)
	stampOf(t, best)
	return stamp
}

// saveForever is the child: it continues from the newest checkpoint and says which saves have returned.
func saveForever(dir string) {
	r := killedRun(dir)
	next := 0
	if latest, err := r.Latest(); err == nil {
		var st state
		if _, err := latest.Load(stamped(0).Model.Weights, &st); err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		next = st.Cursor + 1
	}
	fmt.Println("begins")
	for ; ; next++ {
		if _, err := r.Save(stamped(next)); err != nil {
			fmt.Println("failed", err)
			os.Exit(1)
		}
		fmt.Println("saved", next)
	}
}

// saveUntilKilled runs the child, kills it some time after it begins, and returns the last stamp whose save returned, or -1.
func saveUntilKilled(t *testing.T, dir string, after time.Duration) int {
	t.Helper()
	exe, err := os.Executable()
	check(t, err)
	child := exec.Command(exe, "-test.run=^TestKilledWhileSaving$")
	child.Env = append(os.Environ(), childEnv+"="+dir)
	out, err := child.StdoutPipe()
	check(t, err)
	check(t, child.Start())
	last := -1
	for lines := bufio.NewScanner(out); lines.Scan(); {
		switch word, rest, _ := strings.Cut(lines.Text(), " "); word {
		case "begins":
			time.AfterFunc(after, func() { child.Process.Kill() })
		case "saved":
			last, err = strconv.Atoi(rest)
			check(t, err)
		case "failed":
			t.Fatalf("the child could not save: %s", rest)
		}
	}
	child.Wait() // an error: it was killed
	return last
}

// hiddenIn counts the hidden entries of dir; every other must be a whole checkpoint.
func hiddenIn(t *testing.T, dir string) int {
	t.Helper()
	entries, err := os.ReadDir(dir)
	check(t, err)
	hidden := 0
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			hidden++
			continue
		}
		_, err := checkpoints.Check(filepath.Join(dir, e.Name()))
		check(t, err)
	}
	return hidden
}
