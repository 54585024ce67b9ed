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
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
)

const (
	childEnv = "GORGOFORMER_CHECKPOINTS_CHILD"
	kills    = 100
	patience = 20 * time.Second // on a slow disk fewer kills must suffice
)

// killedRun returns the run to which the child saves.
func killedRun(dir string) checkpoints.Run { return checkpoints.Run{Dir: dir, Keep: 2} }

// stamped returns a checkpoint whose values all equal its stamp. Every second stamp has the step of the previous stamp, so that
// folders are replaced too. A kill often falls between two of the files.
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

// stampOf loads a checkpoint, wants all parts to have the same stamp, and returns the stamp.
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

// TestKilledWhileSaving kills a process that saves in a loop, many times at random moments. After each kill, the newest whole
// checkpoint is at least as new as the last Save that returned, and all its parts have the same stamp. No checkpoint under a
// real name is damaged. The first save after the next start removes the leftovers of the kill.
func TestKilledWhileSaving(t *testing.T) {
	if dir := os.Getenv(childEnv); dir != "" {
		saveForever(dir)
	}
	if !sweep.All() {
		t.Skip("a hundred processes")
	}
	r := killedRun(t.TempDir())
	random := rand.New(rand.NewPCG(1, 2))
	begin := time.Now()
	_, err := checkpoints.Run{Dir: t.TempDir()}.Save(stamped(0))
	check(t, err)
	within := 6 * int64(time.Since(begin)) // the time of several saves on this disk
	last, inSave, done := -1, 0, 0
	for begin = time.Now(); done < kills && (done < kills/10 || time.Since(begin) < patience); done++ {
		returned := saveUntilKilled(t, r.Dir, time.Duration(random.Int64N(within)))
		hidden := hiddenIn(t, r.Dir)
		if hidden > 0 {
			inSave++
		}
		if hidden > 2 { // at most one folder being written or removed, and one moved aside
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

// newestStamp returns the stamp of the newest checkpoint and wants it to be at least atLeast. It returns -1 if atLeast is -1 and the
// run has no checkpoint.
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

// saveForever is the child: it continues from the newest checkpoint and prints every save that has returned.
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

// saveUntilKilled runs the child and kills it some time after it begins. It returns the stamp of the last save that returned, or -1.
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

// hiddenIn returns the number of hidden entries in dir. Every other entry must be a whole checkpoint.
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
