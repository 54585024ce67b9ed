package checkpoints_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
)

// outcome is everything that a reader gets from a checkpoint.
type outcome struct {
	Step      int
	Loss      float64
	State     state
	Config    string
	Tokenizer string
	Weights   string
	Optimizer string
}

// outcomeOf loads a checkpoint.
func outcomeOf(s checkpoints.Saved) (o outcome, err error) {
	w := map[string]*tensor.Dense{}
	for name, x := range weightsOf(-1) {
		w[name] = x
	}
	optimizer, err := s.Load(func(yield func(string, *tensor.Dense) bool) {
		for name, x := range w {
			if !yield(name, x) {
				return
			}
		}
	}, &o.State)
	if err != nil {
		return o, err
	}
	o.Step, o.Loss, o.Weights, o.Optimizer = s.Step, s.Loss, values(w), values(optimizer)
	var c map[string]any
	if err := checkpoints.ReadConfig(s.Dir, &c); err != nil {
		return o, err
	}
	config, err := json.Marshal(c)
	if err != nil {
		return o, err
	}
	tokenizer, err := os.ReadFile(filepath.Join(s.Dir, "tokenizer.json"))
	o.Config, o.Tokenizer = string(config), string(tokenizer)
	return o, err
}

func values(all map[string]*tensor.Dense) string {
	data := map[string]any{}
	for name, x := range all {
		data[name] = []any{x.Shape(), x.Data()}
	}
	return fmt.Sprint(data) // sorted by name
}

// writeAt overwrites bytes of a file without truncating it first, because some file systems then wait for the disk.
func writeAt(t *testing.T, path string, b []byte, at int) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	check(t, err)
	_, err = f.WriteAt(b, int64(at))
	check(t, err)
	check(t, f.Close())
}

// mutate changes a random file. It returns a description and a function that restores the file.
func mutate(t *testing.T, r *rand.Rand, paths []string) (what string, restore func()) {
	t.Helper()
	path := paths[r.IntN(len(paths))]
	content, err := os.ReadFile(path)
	check(t, err)
	aside := path + ".aside"
	switch r.IntN(6) {
	case 0, 1, 2:
		bit := r.IntN(8 * len(content))
		writeAt(t, path, []byte{content[bit/8] ^ 1<<(bit%8)}, bit/8)
		return fmt.Sprintf("bit %d of %s", bit, path), func() { writeAt(t, path, content[bit/8:][:1], bit/8) }
	case 3:
		n := r.IntN(len(content))
		check(t, os.Truncate(path, int64(n)))
		return fmt.Sprintf("the first %d bytes of %s", n, path), func() { writeAt(t, path, content[n:], n) }
	case 4:
		check(t, os.Rename(path, aside))
		return "no " + path, func() { check(t, os.Rename(aside, path)) }
	}
	other := paths[r.IntN(len(paths))]
	if r.IntN(2) == 0 { // the same file of the other checkpoint
		other = filepath.Join(filepath.Dir(other), filepath.Base(path))
	}
	exchange := func() {
		check(t, os.Rename(path, aside))
		if other != path {
			check(t, os.Rename(other, path))
		}
		check(t, os.Rename(aside, other))
	}
	exchange()
	return fmt.Sprintf("%s and %s exchanged", path, other), exchange
}

// TestMutations: after any change to the files of a run, a reader gets a checkpoint as it was saved and a list of damaged checkpoints,
// or an error.
func TestMutations(t *testing.T) {
	for _, shards := range []int64{0, 32} {
		run := checkpoints.Run{Dir: t.TempDir()}
		var paths []string
		want := map[int]outcome{}
		for step := 1; step <= 2; step++ {
			c := checkpointOf(step, float64(step))
			c.Model.ShardBytes = shards
			s, err := run.Save(c)
			check(t, err)
			want[step], err = outcomeOf(s)
			check(t, err)
			files, err := filepath.Glob(filepath.Join(s.Dir, "*"))
			check(t, err)
			paths = append(paths, files...)
		}
		r := rand.New(rand.NewPCG(1, uint64(shards)))
		n := 1000
		if !sweep.All() {
			n = 100
		}
		for range n {
			what, restore := mutate(t, r, paths)
			for name, choose := range map[string]func() (checkpoints.Saved, error){"latest": run.Latest, "best": run.Best} {
				s, err := choose()
				if err != nil {
					continue
				}
				got, err := outcomeOf(s)
				if err != nil {
					t.Errorf("%s: %s: chosen and not loaded: %v", what, name, err)
				}
				wantSame(t, what+": "+name, got, want[s.Step])
				if s.Step != map[string]int{"latest": 2, "best": 1}[name] && len(s.Damaged) == 0 {
					t.Errorf("%s: %s: got step %d without its damage", what, name, s.Step)
				}
			}
			restore()
		}
	}
}

// TestStateKeys: a state whose keys or step differ from the file's is an error that names them, even if the checksums match.
func TestStateKeys(t *testing.T) {
	r := checkpoints.Run{Dir: t.TempDir()}
	type inner struct {
		Step int `json:"step"`
		Rate float64
	}
	for i, c := range []struct {
		saved any
		want  []string
	}{
		{map[string]any{"trainer": map[string]any{"step": 0, "Rate": 1}}, nil},
		{map[string]any{"trainer": map[string]any{"stdp": 1, "Rate": 1}}, []string{`"stdp"`}},
		{map[string]any{"trainer": map[string]any{"step": 2}}, []string{"missing", "trainer.Rate"}},
		{map[string]any{}, []string{"missing", "trainer"}},
		{map[string]any{"trainer": map[string]any{"step": 4, "Rate": 1}, "more": 1}, []string{`"more"`}},
		{map[string]any{"trainer": map[string]any{"step": "5", "Rate": 1}}, []string{"step"}},
	} {
		s, err := r.Save(checkpoints.Checkpoint{Step: i, Model: checkpoints.Model{Weights: weightsOf(1)}, State: c.saved})
		check(t, err)
		st := struct {
			Trainer inner `json:"trainer"`
		}{inner{99, 99}}
		_, err = s.Load(weightsOf(0), &st)
		if c.want == nil {
			check(t, err)
			wantSame(t, "state", st.Trainer, inner{0, 1})
			continue
		}
		wantError(t, err, append(c.want, "trainer_state.json")...)
		wantSame(t, "state", st.Trainer, inner{99, 99})
	}
	s, err := r.Save(checkpoints.Checkpoint{Step: 7, Model: checkpoints.Model{Weights: weightsOf(1)}, State: stepState{Step: 6}})
	check(t, err)
	_, err = s.Load(weightsOf(0), new(stepState))
	wantError(t, err, "the state is of step 6", "step 7")
	_, err = s.Load(weightsOf(0), stepState{})
	wantError(t, err, "want a pointer")
}

type stepState struct{ Step int }

func (s stepState) CheckpointStep() int { return s.Step }
