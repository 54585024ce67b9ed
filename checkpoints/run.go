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
	Dir  string // the first save creates it
	Keep int    // number of newest checkpoints to keep, in addition to the best; 0 keeps all
}

// Checkpoint holds everything that a run needs to continue.
type Checkpoint struct {
	Step      int      // at least 0; names the folder
	Loss      *float64 // validation loss, lower is better; nil, NaN and infinities mean not measured, and are never the best
	Score     *Score   // chooses the best checkpoint instead of the loss; nil means none
	Model     Model
	Optimizer Tensors // tensors of the optimizer, such as moments; nil writes no such file
	State     any     // content of trainer_state.json, any value that encoding/json encodes and decodes; nil writes no such file
}

// Save writes a checkpoint, then removes the checkpoints that r does not keep. It replaces a checkpoint of the same step. Until
// the new checkpoint is complete, readers find the previous ones. After Save returns, the new checkpoint survives a loss of power.
//
// Save keeps the r.Keep newest whole checkpoints by step, the best as in Best, and the new checkpoint. So a run that
// returns to an earlier step keeps the later checkpoints of its first attempt until it passes their steps, and Latest finds
// them. Remove them by hand.
func (r Run) Save(c Checkpoint) (saved Saved, err error) {
	defer func() { err = errors.WithMessagef(err, "checkpoints: %s: step %d", r.Dir, c.Step) }()
	if r.Dir == "" || c.Step < 0 {
		return Saved{}, errors.New("want a folder and a step of at least 0")
	}
	if err := makeFolder(r.Dir); err != nil {
		return Saved{}, err
	}
	if err := r.cleanUp(); err != nil {
		return Saved{}, err
	}
	final := filepath.Join(r.Dir, stepName(c.Step))
	stage := filepath.Join(r.Dir, hiddenName(stepName(c.Step)))
	if err := os.Mkdir(stage, 0o777); err != nil {
		return Saved{}, errors.WithStack(err)
	}
	defer os.RemoveAll(stage) // exists only after an error
	if err := c.write(newContents(stage)); err != nil {
		return Saved{}, err
	}
	if err := replaceFolder(stage, final); err != nil {
		return Saved{}, err
	}
	saved = Saved{Dir: final, Step: c.Step, Loss: math.NaN(), Score: c.Score.measured()}
	if loss := c.measured(); loss != nil {
		saved.Loss = *loss
	}
	return saved, errors.WithMessage(r.prune(saved), "saved, but older checkpoints could not be removed")
}

func stepName(step int) string { return fmt.Sprintf("step-%08d", step) }

// measured returns the loss, or nil if it is NaN or infinite.
func (c Checkpoint) measured() *float64 {
	if c.Loss == nil || math.IsNaN(*c.Loss) || math.IsInf(*c.Loss, 0) {
		return nil
	}
	return c.Loss
}

// write writes the checkpoint into an empty folder and syncs it.
func (c Checkpoint) write(into *contents) error {
	if err := c.Model.write(into); err != nil {
		return err
	}
	if c.Optimizer != nil {
		list, err := collect(c.Optimizer)
		if err != nil {
			return errors.WithMessage(err, optimizerName)
		}
		if err := into.writeItems(optimizerName, list, map[string]string{"format": "pt"}); err != nil {
			return err
		}
	}
	if c.State != nil {
		if err := into.writeJSON(stateName, c.State); err != nil {
			return err
		}
	}
	m := manifest{Step: c.Step, Loss: c.measured(), Score: c.Score.measured(), Files: maps.Clone(into.files)}
	var err error
	if m.Sum, err = m.sum(); err != nil {
		return err
	}
	if err := into.writeJSON(manifestName, m); err != nil {
		return err
	}
	return syncFolder(into.dir)
}
