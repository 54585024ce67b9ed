package checkpoints

import (
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Saved is a whole checkpoint on disk.
type Saved struct {
	Dir  string // a model folder, too: ReadConfig and LoadWeights read it
	Step int
	Loss float64 // NaN when it was not measured

	// Damaged says what is wrong with each newer checkpoint that Latest passed over, or each that Best could not consider,
	// newest first.
	Damaged []error
}

// Latest is the newest whole checkpoint. Damaged ones are passed over and listed in Saved.Damaged. When there
// is none at all, errors.Is(err, fs.ErrNotExist): the run begins. When all are damaged, that is another error.
func (r Run) Latest() (Saved, error) {
	return r.choose(func(Saved) bool { return true }, nil)
}

// Best is the whole checkpoint with the lowest validation loss, the earliest of equals. When none has one,
// errors.Is(err, fs.ErrNotExist).
func (r Run) Best() (Saved, error) {
	return r.choose(
		func(s Saved) bool { return !math.IsNaN(s.Loss) },
		func(older, best Saved) bool { return older.Loss <= best.Loss })
}

// choose goes through the checkpoints from the newest: it takes the first that qualifies and then, when better is given,
// every older one that is better.
func (r Run) choose(qualifies func(Saved) bool, better func(older, best Saved) bool) (Saved, error) {
	folders, err := r.folders()
	if err != nil {
		return Saved{}, errors.WithMessage(err, "checkpoints")
	}
	var best Saved
	var damaged []error
	for _, step := range slices.Backward(slices.Sorted(maps.Keys(folders))) {
		s, err := check(folders[step])
		switch {
		case err != nil:
			damaged = append(damaged, err)
		case qualifies(s) && (best.Dir == "" || better(s, best)):
			best = s
		}
		if best.Dir != "" && better == nil {
			break
		}
	}
	switch {
	case best.Dir != "":
		best.Damaged = damaged
		return best, nil
	case len(damaged) > 0 && len(damaged) == len(folders):
		// As text: a damaged checkpoint that lacks a file must not pass for a run that has none.
		return Saved{}, errors.Errorf("checkpoints: %s: all %d checkpoints are damaged: %v", r.Dir, len(damaged), damaged[0])
	}
	return Saved{}, errors.Wrapf(fs.ErrNotExist, "checkpoints: %s: no such checkpoint among %d", r.Dir, len(folders))
}

// Check reads what a checkpoint folder says of itself, and says what is wrong with it when it is not whole.
func Check(dir string) (Saved, error) {
	s, err := check(dir)
	return s, errors.WithMessage(err, "checkpoints")
}

func check(dir string) (Saved, error) {
	var m manifest
	if err := readJSON(filepath.Join(dir, manifestName), &m); err != nil {
		return Saved{}, err
	}
	if len(m.Files) == 0 {
		return Saved{}, errors.Errorf("%s: %s lists no files", dir, manifestName)
	}
	if part := folderPattern.FindStringSubmatch(filepath.Base(dir)); part != nil && "step-"+part[2] != stepName(m.Step) {
		return Saved{}, errors.Errorf("%s: %s says step %d", dir, manifestName, m.Step)
	}
	for _, name := range slices.Sorted(maps.Keys(m.Files)) {
		if err := checkFile(dir, name, m.Files[name]); err != nil {
			return Saved{}, err
		}
	}
	s := Saved{Dir: dir, Step: m.Step, Loss: math.NaN()}
	if m.Loss != nil {
		s.Loss = *m.Loss
	}
	return s, nil
}

// checkFile holds a file against its size when it was saved, and the header of a safetensors file against itself.
func checkFile(dir, name string, size int64) error {
	if name != filepath.Base(name) || !filepath.IsLocal(name) {
		return errors.Errorf("%s: %s lists %.200q, which lies outside", dir, manifestName, name)
	}
	path := filepath.Join(dir, name)
	stat, err := os.Stat(path)
	if err != nil {
		return errors.WithStack(err)
	}
	if stat.Size() != size {
		return errors.Errorf("%s: %d bytes, it was saved with %d: the file is damaged", path, stat.Size(), size)
	}
	if !strings.HasSuffix(name, ".safetensors") {
		return nil
	}
	f, err := open(path)
	if err != nil {
		return err
	}
	return errors.WithStack(f.file.Close())
}

// Load reads a checkpoint: the weights into params, as [LoadWeights] does without rules, trainer_state.json into state, a
// pointer, unless that is nil, and the optimizer's tensors into new memory, nil when none were saved. The checkpoint is
// checked first, and the weights change last: after an error they are as they were.
func (s Saved) Load(params Tensors, state any) (optimizer map[string]*tensor.Dense, err error) {
	optimizer, err = s.load(params, state)
	return optimizer, errors.WithMessage(err, "checkpoints: load")
}

func (s Saved) load(params Tensors, state any) (optimizer map[string]*tensor.Dense, err error) {
	if _, err := check(s.Dir); err != nil {
		return nil, err
	}
	loads, done, err := planLoads(s.Dir, params, Rules{})
	if err != nil {
		return nil, errors.WithMessage(err, s.Dir)
	}
	defer done()
	path := filepath.Join(s.Dir, optimizerName)
	if _, err := os.Stat(path); err == nil {
		if optimizer, err = read(path); err != nil {
			return nil, err
		}
	}
	if state != nil {
		if err := readJSON(filepath.Join(s.Dir, stateName), state); err != nil {
			return nil, err
		}
	}
	if err := runLoads(loads); err != nil {
		return nil, err
	}
	return optimizer, nil
}
