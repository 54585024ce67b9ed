package checkpoints

import (
	"encoding/json"
	"io/fs"
	"maps"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Saved is a whole checkpoint on disk.
type Saved struct {
	Dir   string // also a model folder, which ReadConfig and LoadWeights read
	Step  int
	Loss  float64 // NaN if not measured
	Score *Score  // nil if not measured

	// Damaged holds an error for each damaged checkpoint that Latest or Best found, newest first.
	Damaged []error
}

// Latest returns the newest whole checkpoint. It skips damaged checkpoints and lists them in Saved.Damaged. If the run has no
// checkpoint yet, errors.Is(err, fs.ErrNotExist) is true. It is false if all checkpoints are damaged.
func (r Run) Latest() (Saved, error) {
	return r.choose(func(all []Saved) []Saved { return all })
}

// Best returns the whole checkpoint with the best score or, if none has a score, with the lowest validation loss. Of several it
// returns the earliest. If no checkpoint has a score or a loss, errors.Is(err, fs.ErrNotExist) is true.
func (r Run) Best() (Saved, error) { return r.choose(bestFirst) }

// choose returns the first whole checkpoint in the order of rank. The argument of rank is sorted newest first.
func (r Run) choose(rank func([]Saved) []Saved) (Saved, error) {
	folders, err := r.folders()
	if err != nil {
		return Saved{}, errors.WithMessage(err, "checkpoints")
	}
	all, damaged := inspectAll(folders)
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
		// Not wrapped: if a checkpoint lacks a file, its error is fs.ErrNotExist, which here means a run without checkpoints.
		newest := slices.Max(slices.Collect(maps.Keys(damaged)))
		return Saved{}, errors.Errorf("checkpoints: %s: all %d checkpoints are damaged: %v: restore one from a copy, or begin another run in another folder", r.Dir, len(damaged), damaged[newest])
	}
	return Saved{}, errors.Wrapf(fs.ErrNotExist, "checkpoints: %s: no such checkpoint among %d", r.Dir, len(folders))
}

// inspectAll inspects the folders of steps. It returns the checkpoints that pass, newest first, and the errors of the others by step.
func inspectAll(folders map[int]string) (all []Saved, damaged map[int]error) {
	damaged = map[int]error{}
	for _, step := range slices.Backward(slices.Sorted(maps.Keys(folders))) {
		s, _, err := inspect(folders[step])
		if err != nil {
			damaged[step] = err
			continue
		}
		all = append(all, s)
	}
	return all, damaged
}

// Check reads all files of a checkpoint folder and returns an error if a file has changed since it was saved.
func Check(dir string) (Saved, error) {
	s, _, err := verify(dir)
	return s, errors.WithMessage(err, "checkpoints")
}

// Load reads a checkpoint. It loads the weights into params, as [LoadWeights] does without rules, and trainer_state.json into state,
// a pointer, unless state is nil. It returns the optimizer's tensors in new memory, or nil if none were saved. The checkpoint is
// checked first, and the weights change last: after an error they are unchanged, unless the disk fails during the last reads.
//
// The state must have exactly the keys of the file. If it is a [Stepper], its step must equal the checkpoint's.
func (s Saved) Load(params Tensors, state any) (optimizer map[string]*tensor.Dense, err error) {
	defer func() { err = errors.WithMessage(err, "checkpoints: load") }()
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
		w, err := openWeights(filepath.Join(s.Dir, optimizerName))
		if err != nil {
			return nil, err
		}
		defer w.close()
		if optimizer, err = w.read(nil); err != nil {
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

// readState reads trainer_state.json into state, a pointer, unless state is nil. After an error the state is unchanged.
func (m manifest) readState(dir string, state any) error {
	if state == nil {
		return nil
	}
	path, v := filepath.Join(dir, stateName), reflect.ValueOf(state)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return errors.Errorf("%s: the state is a %T, want a pointer", path, state)
	}
	read := reflect.New(v.Type().Elem())
	text, err := readStrict(path, read.Interface())
	if err != nil {
		return err
	}
	if s, ok := read.Interface().(Stepper); ok && s.CheckpointStep() != m.Step {
		return errors.Errorf("%s: the state is of step %d, %s of step %d: they are of different checkpoints", path, s.CheckpointStep(), manifestName, m.Step)
	}
	return errors.Wrap(json.Unmarshal(text, state), path)
}
