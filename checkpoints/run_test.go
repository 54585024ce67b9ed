package checkpoints_test

import (
	"errors"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

type state struct {
	Seed   uint64
	Cursor int
	Rate   float64
}

func wantIs(t testing.TB, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("got error %v, want one that is %v", err, target)
	}
}

// none is the loss of a checkpoint that was not evaluated.
var none = math.NaN()

func measured(loss float64) *float64 {
	if math.IsNaN(loss) {
		return nil
	}
	return &loss
}

// checkpointOf returns a checkpoint whose content depends on its step.
func checkpointOf(step int, loss float64) checkpoints.Checkpoint {
	return checkpoints.Checkpoint{
		Step: step,
		Loss: measured(loss),
		Model: checkpoints.Model{
			Config:  config{Layers: step},
			Weights: weightsOf(float32(step)),
			Files:   map[string][]byte{"tokenizer.json": []byte("{}")},
		},
		Optimizer: pairs(named{"wte.weight.m", filled(float32(-step), 4, 2)}, named{"steps", dense([]int64{int64(step)}, 1)}),
		State:     state{Seed: math.MaxUint64, Cursor: step, Rate: 0.1},
	}
}

func save(t testing.TB, r checkpoints.Run, step int, loss float64) checkpoints.Saved {
	t.Helper()
	s, err := r.Save(checkpointOf(step, loss))
	check(t, err)
	return s
}

// wantCheckpoint loads s and wants every part to be of this step.
func wantCheckpoint(t testing.TB, s checkpoints.Saved, step int) {
	t.Helper()
	w := weightsOf(-1)
	var st state
	optimizer, err := s.Load(w, &st)
	check(t, err)
	wantSame(t, "step", s.Step, step)
	wantUntouched(t, w, float32(step))
	wantSame(t, "state", st, state{Seed: math.MaxUint64, Cursor: step, Rate: 0.1})
	wantSame(t, "optimizer", len(optimizer), 2)
	wantUntouched(t, pairs(named{"m", optimizer["wte.weight.m"]}), float32(-step))
	wantSame(t, "steps", optimizer["steps"].Data(), []int64{int64(step)})
	var c config
	check(t, checkpoints.ReadConfig(s.Dir, &c))
	wantSame(t, "config", c.Layers, step)
}

func TestRun(t *testing.T) {
	r := checkpoints.Run{Dir: filepath.Join(t.TempDir(), "runs", "a")}
	_, err := r.Latest()
	wantIs(t, err, fs.ErrNotExist)
	first := save(t, r, 0, none)
	wantSame(t, "folder", first.Dir, filepath.Join(r.Dir, "step-00000000"))
	wantFiles(t, first.Dir, "checkpoint.json", "config.json", "model.safetensors", "optimizer.safetensors", "tokenizer.json", "trainer_state.json")
	_, err = r.Best()
	wantIs(t, err, fs.ErrNotExist)
	save(t, r, 123_456_789, 2.5)
	save(t, r, 1000, 1.5)
	latest, err := r.Latest()
	check(t, err)
	wantCheckpoint(t, latest, 123_456_789)
	best, err := r.Best()
	check(t, err)
	wantCheckpoint(t, best, 1000)
	wantSame(t, "loss", best.Loss, 1.5)
	wantFiles(t, r.Dir, "step-00000000", "step-00001000", "step-123456789")
	wantWeights(t, latest.Dir, 123_456_789)
}

// TestMinimalCheckpoint saves and loads a checkpoint with only weights.
func TestMinimalCheckpoint(t *testing.T) {
	r := checkpoints.Run{Dir: t.TempDir()}
	s, err := r.Save(checkpoints.Checkpoint{Model: checkpoints.Model{Weights: weightsOf(4)}})
	check(t, err)
	w := weightsOf(0)
	optimizer, err := s.Load(w, nil)
	check(t, err)
	wantUntouched(t, w, 4)
	if optimizer != nil {
		t.Errorf("got an optimizer %v, want none", optimizer)
	}
	var st state
	_, err = s.Load(w, &st)
	wantError(t, err, "trainer_state.json")
}

// TestKeep: the newest checkpoints and the best stay. The files alone determine the best.
func TestKeep(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		step int
		loss float64
		want []string
	}{
		{1, 3, []string{"step-00000001"}},
		{2, 2, []string{"step-00000001", "step-00000002"}},
		{3, math.NaN(), []string{"step-00000002", "step-00000003"}},
		{4, 2, []string{"step-00000002", "step-00000003", "step-00000004"}}, // no better than step 2
		{5, math.Inf(-1), []string{"step-00000002", "step-00000004", "step-00000005"}},
		{6, 1, []string{"step-00000005", "step-00000006"}},
		{7, none, []string{"step-00000006", "step-00000007"}},
		{4, none, []string{"step-00000004", "step-00000006", "step-00000007"}}, // a step back: just saved
		{8, 0.5, []string{"step-00000007", "step-00000008"}},
		{9, 0, []string{"step-00000008", "step-00000009"}}, // a loss of 0 is a loss
		{10, 0.25, []string{"step-00000009", "step-00000010"}},
		{11, 0.125, []string{"step-00000009", "step-00000010", "step-00000011"}},
	} {
		save(t, checkpoints.Run{Dir: dir, Keep: 2}, c.step, c.loss)
		wantFiles(t, dir, c.want...)
	}
}

// TestScores: the score chooses the best checkpoint and the one that stays, not the loss. Only scores of the newest score's name count.
func TestScores(t *testing.T) {
	r := checkpoints.Run{Dir: t.TempDir(), Keep: 1}
	for _, c := range []struct {
		score *checkpoints.Score
		loss  float64
		best  int
	}{
		{nil, 0.1, 1},
		{&checkpoints.Score{Name: "a", Value: math.NaN()}, 2, 1}, // not measured
		{&checkpoints.Score{Name: "a", Value: 0.5}, 9, 3},
		{&checkpoints.Score{Name: "a", Value: 0.25}, 1, 3},
		{nil, 0, 3},
		{&checkpoints.Score{Name: "a", Value: 0.5}, 1, 3}, // no better
		{&checkpoints.Score{Name: "a", Value: 0.75}, none, 7},
		{&checkpoints.Score{Name: "b", Value: 3, Lower: true}, 5, 8},
		{&checkpoints.Score{Name: "b", Value: 4, Lower: true}, 1, 8},
		{&checkpoints.Score{Name: "b", Value: -1, Lower: true}, 7, 10},
	} {
		c0 := checkpointOf(0, c.loss)
		latest, err := r.Latest()
		if err == nil {
			c0 = checkpointOf(latest.Step, c.loss)
		}
		c0.Step, c0.Score = c0.Step+1, c.score
		saved, err := r.Save(c0)
		check(t, err)
		best, err := r.Best()
		check(t, err)
		if best.Step != c.best {
			t.Errorf("after step %d: the best is step %d, want %d", saved.Step, best.Step, c.best)
		}
		if c.best == saved.Step && c.score != nil && (best.Score == nil || *best.Score != *c.score || *saved.Score != *c.score) {
			t.Errorf("step %d: got score %+v, want %+v", saved.Step, best.Score, c.score)
		}
	}
}

// TestReplace: saving a step again replaces the checkpoint and its loss.
func TestReplace(t *testing.T) {
	r := checkpoints.Run{Dir: t.TempDir(), Keep: 3}
	save(t, r, 1, 1)
	save(t, r, 2, 5)
	s, err := r.Save(checkpoints.Checkpoint{Step: 1, Loss: new(9.0), Model: checkpoints.Model{Weights: weightsOf(77)}})
	check(t, err)
	wantFiles(t, r.Dir, "step-00000001", "step-00000002")
	wantFiles(t, s.Dir, "checkpoint.json", "model.safetensors")
	wantWeights(t, s.Dir, 77)
	best, err := r.Best()
	check(t, err)
	wantSame(t, "best", best.Step, 2)
}

// TestKeepSkipsDamaged: a damaged checkpoint does not count as kept, and is removed once it is older than the kept ones.
func TestKeepSkipsDamaged(t *testing.T) {
	r := checkpoints.Run{Dir: t.TempDir(), Keep: 2}
	save(t, r, 1, none)
	s := save(t, r, 2, none)
	check(t, os.Remove(filepath.Join(s.Dir, "model.safetensors")))
	save(t, r, 3, none)
	wantFiles(t, r.Dir, "step-00000001", "step-00000002", "step-00000003")
	save(t, r, 4, none)
	wantFiles(t, r.Dir, "step-00000003", "step-00000004")
}

// TestLoadAllOrNothing: neither weights that do not fit nor a state of another type change the parameters.
func TestLoadAllOrNothing(t *testing.T) {
	s := save(t, checkpoints.Run{Dir: t.TempDir()}, 3, 0)
	w := weightsOf(9)
	var wrong struct{ Seed string }
	_, err := s.Load(w, &wrong)
	wantError(t, err, "trainer_state.json", "Seed")
	wantUntouched(t, w, 9)
	other := pairs(named{"wte.weight", filled(9, 4, 2)}, named{"new", filled(9, 1)})
	_, err = s.Load(other, nil)
	wantError(t, err, s.Dir, "1 missing", "2 unexpected")
	wantUntouched(t, other, 9)
}

// TestSaveErrors: a failed save leaves no trace and keeps the earlier checkpoint.
func TestSaveErrors(t *testing.T) {
	r := checkpoints.Run{Dir: t.TempDir()}
	save(t, r, 1, none)
	for what, change := range map[string]func(*checkpoints.Checkpoint){
		"at least 0":            func(c *checkpoints.Checkpoint) { c.Step = -1 },
		"trainer_state.json":    func(c *checkpoints.Checkpoint) { c.State = math.NaN() },
		"optimizer.safetensors": func(c *checkpoints.Checkpoint) { c.Optimizer = pairs(named{"m", nil}) },
		"without weights":       func(c *checkpoints.Checkpoint) { c.Model.Weights = nil },
		"reserved": func(c *checkpoints.Checkpoint) {
			c.Model.Files = map[string][]byte{"checkpoint.json": nil}
		},
	} {
		c := checkpointOf(1, none)
		change(&c)
		_, err := r.Save(c)
		wantError(t, err, "checkpoints: ", r.Dir, what)
		wantFiles(t, r.Dir, "step-00000001")
		latest, err := r.Latest()
		check(t, err)
		wantCheckpoint(t, latest, 1)
	}
	_, err := checkpoints.Run{}.Save(checkpointOf(1, none))
	wantError(t, err, "want a folder")
}

// TestLeftovers sets up each state in which a kill can leave the folder. Readers find the right checkpoint at once, and the next
// save removes the leftovers.
func TestLeftovers(t *testing.T) {
	const aside = ".step-00000002.old-0123456789abcdef"
	for _, c := range []struct {
		name  string
		leave func(dir string) error
	}{
		{"staging", func(dir string) error {
			return os.CopyFS(filepath.Join(dir, ".step-00000003.tmp-0123456789abcdef"), os.DirFS(filepath.Join(dir, "step-00000001")))
		}},
		{"moved aside, not replaced", func(dir string) error {
			return os.Rename(filepath.Join(dir, "step-00000002"), filepath.Join(dir, aside))
		}},
		{"moved aside and replaced", func(dir string) error {
			return os.CopyFS(filepath.Join(dir, aside), os.DirFS(filepath.Join(dir, "step-00000001")))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := checkpoints.Run{Dir: t.TempDir()}
			save(t, r, 1, 1)
			save(t, r, 2, 2)
			check(t, c.leave(r.Dir))
			latest, err := r.Latest()
			check(t, err)
			wantCheckpoint(t, latest, 2)
			save(t, r, 4, 4)
			wantFiles(t, r.Dir, "step-00000001", "step-00000002", "step-00000004")
			s, err := checkpoints.Check(filepath.Join(r.Dir, "step-00000002"))
			check(t, err)
			wantCheckpoint(t, s, 2)
		})
	}
}

// TestForeignNames: folders with other names than a checkpoint's are neither read nor removed.
func TestForeignNames(t *testing.T) {
	r := checkpoints.Run{Dir: t.TempDir(), Keep: 1}
	names := []string{".step-00000009", "logs", "step-00000009.bak", "step-000000099", "step-9"}
	for _, name := range names {
		check(t, os.Mkdir(filepath.Join(r.Dir, name), 0o777))
	}
	save(t, r, 1, none)
	save(t, r, 2, none)
	wantFiles(t, r.Dir, ".step-00000009", "logs", "step-00000002", "step-00000009.bak", "step-000000099", "step-9")
	latest, err := r.Latest()
	check(t, err)
	wantSame(t, "latest", latest.Step, 2)
	wantSame(t, "damaged", len(latest.Damaged), 0)
}

// TestShardedCheckpoint: the manifest lists the shards of a checkpoint.
func TestShardedCheckpoint(t *testing.T) {
	r := checkpoints.Run{Dir: t.TempDir()}
	c := checkpointOf(5, none)
	c.Model.ShardBytes = 32
	s, err := r.Save(c)
	check(t, err)
	wantCheckpoint(t, s, 5)
	check(t, os.Remove(filepath.Join(s.Dir, "model-00002-of-00002.safetensors")))
	_, err = checkpoints.Check(s.Dir)
	wantError(t, err, "model-00002-of-00002.safetensors")
}

// TestOptimizerByMap saves the optimizer's tensors from a map, as Load returns them.
func TestOptimizerByMap(t *testing.T) {
	r := checkpoints.Run{Dir: t.TempDir()}
	m := map[string]*tensor.Dense{"a": filled(1, 3), "b": filled(2, 3)}
	s, err := r.Save(checkpoints.Checkpoint{Model: checkpoints.Model{Weights: weightsOf(1)}, Optimizer: maps.All(m)})
	check(t, err)
	got, err := s.Load(weightsOf(0), nil)
	check(t, err)
	for name, x := range m {
		wantSame(t, name, got[name].Data(), x.Data())
	}
}
