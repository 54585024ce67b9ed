package checkpoints

import (
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

const (
	optimizerName = "optimizer.safetensors"
	stateName     = "trainer_state.json"
	manifestName  = "checkpoint.json"
)

// Run is a folder of the checkpoints of one training run. It is data: any number of values may name the same folder,
// but only one process at a time may save to it.
type Run struct {
	Dir  string // made by the first save
	Keep int    // how many of the newest checkpoints stay, the best besides; 0: all
}

// Checkpoint is what a run needs to continue.
type Checkpoint struct {
	Step      int      // at least 0; names the folder
	Loss      *float64 // validation loss, lower is better; nil, NaN and infinities: not measured, never the best
	Model     Model
	Optimizer Tensors // moments and the like; nil: no such file
	State     any     // trainer_state.json, anything that encoding/json writes and reads again; nil: no such file
}

// Save writes a checkpoint and then removes those that r does not keep. A checkpoint of the same step is replaced. Until
// Save returns, readers find the previous ones; afterwards the new one survives a loss of power.
//
// Kept are the r.Keep newest whole checkpoints by step, the best by validation loss, and the one just saved. So a run that goes
// back to an earlier step keeps the later ones of its first attempt until it passes them; remove them by hand, or Latest
// finds them.
func (r Run) Save(c Checkpoint) (Saved, error) {
	saved, err := r.save(c)
	return saved, errors.WithMessagef(err, "checkpoints: %s: step %d", r.Dir, c.Step)
}

func (r Run) save(c Checkpoint) (Saved, error) {
	if r.Dir == "" || c.Step < 0 {
		return Saved{}, errors.New("want a folder and a step of at least 0")
	}
	if err := makeFolder(r.Dir); err != nil {
		return Saved{}, err
	}
	if err := r.settle(); err != nil {
		return Saved{}, err
	}
	final := filepath.Join(r.Dir, stepName(c.Step))
	stage := filepath.Join(r.Dir, hiddenName(stepName(c.Step)))
	if err := os.Mkdir(stage, 0o777); err != nil {
		return Saved{}, errors.WithStack(err)
	}
	defer os.RemoveAll(stage) // gone already unless there is an error
	if err := c.write(newContents(stage)); err != nil {
		return Saved{}, err
	}
	if err := replaceFolder(stage, final); err != nil {
		return Saved{}, err
	}
	saved := Saved{Dir: final, Step: c.Step, Loss: math.NaN()}
	if loss := c.measured(); loss != nil {
		saved.Loss = *loss
	}
	return saved, errors.WithMessage(r.prune(saved), "saved, but older ones are not removed")
}

func stepName(step int) string { return fmt.Sprintf("step-%08d", step) }

// measured is the loss, nil for a number that is none.
func (c Checkpoint) measured() *float64 {
	if c.Loss == nil || math.IsNaN(*c.Loss) || math.IsInf(*c.Loss, 0) {
		return nil
	}
	return c.Loss
}

// write fills an empty folder and flushes it to the disk.
func (c Checkpoint) write(into *contents) error {
	if err := c.Model.write(into); err != nil {
		return err
	}
	if c.Optimizer != nil {
		list, err := collect(c.Optimizer)
		if err != nil {
			return errors.WithMessage(err, optimizerName)
		}
		if err := into.writeItems(optimizerName, list); err != nil {
			return err
		}
	}
	if c.State != nil {
		if err := into.writeJSON(stateName, c.State); err != nil {
			return err
		}
	}
	m := manifest{Step: c.Step, Loss: c.measured(), Files: maps.Clone(into.files)}
	var err error
	if m.Sum, err = m.sum(); err != nil {
		return err
	}
	if err := into.writeJSON(manifestName, m); err != nil {
		return err
	}
	return syncFolder(into.dir)
}
