package checkpoints

import (
	"cmp"
	"io/fs"
	"maps"
	"math"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Saved is a whole checkpoint on disk.
type Saved struct {
	Dir  string // a model folder, too: ReadConfig and LoadWeights read it
	Step int
	Loss float64 // NaN when it was not measured

	// Damaged says what is wrong with each damaged checkpoint that Latest or Best found on the way to this one, newest first.
	Damaged []error
}

// Latest is the newest whole checkpoint. Damaged ones are passed over and listed in Saved.Damaged. When there
// is none at all, errors.Is(err, fs.ErrNotExist): the run begins. When all are damaged, that is another error.
func (r Run) Latest() (Saved, error) {
	return r.choose(func(all []Saved) []Saved { return all })
}

// Best is the whole checkpoint with the lowest validation loss, the earliest of equals. When none has one,
// errors.Is(err, fs.ErrNotExist).
func (r Run) Best() (Saved, error) { return r.choose(byLoss) }

// byLoss lists the checkpoints with a loss, the best first.
func byLoss(all []Saved) []Saved {
	all = slices.DeleteFunc(all, func(s Saved) bool { return math.IsNaN(s.Loss) })
	slices.SortFunc(all, func(a, b Saved) int { return cmp.Or(cmp.Compare(a.Loss, b.Loss), cmp.Compare(a.Step, b.Step)) })
	return all
}

// choose takes the first checkpoint that is whole, in the order that rank gives to those that seem to be, the newest being first.
func (r Run) choose(rank func([]Saved) []Saved) (Saved, error) {
	folders, err := r.folders()
	if err != nil {
		return Saved{}, errors.WithMessage(err, "checkpoints")
	}
	all, damaged := glanceAll(folders)
	for _, s := range rank(all) {
		if _, _, err := verify(s.Dir); err != nil {
			damaged[s.Step] = err
			continue
		}
		for _, step := range slices.Backward(slices.Sorted(maps.Keys(damaged))) {
			s.Damaged = append(s.Damaged, damaged[step])
		}
		return s, nil
	}
	if len(damaged) > 0 && len(damaged) == len(folders) {
		// As text: a damaged checkpoint that lacks a file must not pass for a run that has none.
		newest := slices.Max(slices.Collect(maps.Keys(damaged)))
		return Saved{}, errors.Errorf("checkpoints: %s: all %d checkpoints are damaged: %v", r.Dir, len(damaged), damaged[newest])
	}
	return Saved{}, errors.Wrapf(fs.ErrNotExist, "checkpoints: %s: no such checkpoint among %d", r.Dir, len(folders))
}

// glanceAll sorts the folders of steps into checkpoints that seem to be whole, the newest first, and damaged ones.
func glanceAll(folders map[int]string) (all []Saved, damaged map[int]error) {
	damaged = map[int]error{}
	for _, step := range slices.Backward(slices.Sorted(maps.Keys(folders))) {
		s, _, err := glance(folders[step])
		if err != nil {
			damaged[step] = err
			continue
		}
		all = append(all, s)
	}
	return all, damaged
}

// Check reads a whole checkpoint folder, and says what is wrong with it when it is not as it was saved.
func Check(dir string) (Saved, error) {
	s, _, err := verify(dir)
	return s, errors.WithMessage(err, "checkpoints")
}

// Load reads a checkpoint: the weights into params, as [LoadWeights] does without rules, trainer_state.json into state, a
// pointer, unless that is nil, and the optimizer's tensors into new memory, nil when none were saved. The checkpoint is
// checked first, and the weights change last: after an error they are as they were.
//
// The state must have the keys of the file, all of them and no others. If it is a [Stepper], its step must be that of the checkpoint.
func (s Saved) Load(params Tensors, state any) (optimizer map[string]*tensor.Dense, err error) {
	optimizer, err = s.load(params, state)
	return optimizer, errors.WithMessage(err, "checkpoints: load")
}

func (s Saved) load(params Tensors, state any) (optimizer map[string]*tensor.Dense, err error) {
	_, m, err := verify(s.Dir)
	if err != nil {
		return nil, err
	}
	loads, done, err := planLoads(s.Dir, params, Rules{})
	if err != nil {
		return nil, errors.WithMessage(err, s.Dir)
	}
	defer done()
	if _, ok := m.Files[optimizerName]; ok {
		if optimizer, err = read(filepath.Join(s.Dir, optimizerName)); err != nil {
			return nil, err
		}
	}
	if err := m.readState(s.Dir, state); err != nil {
		return nil, err
	}
	if err := runLoads(loads); err != nil {
		return nil, err
	}
	return optimizer, nil
}

// Stepper is a state that knows the step of its checkpoint.
type Stepper interface{ CheckpointStep() int }

// readState reads trainer_state.json into a pointer, nil for none. After an error the state is as it was.
func (m manifest) readState(dir string, state any) error {
	if state == nil {
		return nil
	}
	path, v := filepath.Join(dir, stateName), reflect.ValueOf(state)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.Errorf("%s: the state is a %T, want a pointer", path, state)
	}
	read := reflect.New(v.Type().Elem())
	if err := readStrict(path, read.Interface()); err != nil {
		return err
	}
	if s, ok := read.Interface().(Stepper); ok && s.CheckpointStep() != m.Step {
		return errors.Errorf("%s: the state is of step %d, %s of step %d: they are of different checkpoints", path, s.CheckpointStep(), manifestName, m.Step)
	}
	return readJSON(path, state)
}
