package job

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"time"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// findBefore finds the newest checkpoint before the step to verify. Without one, the verification begins at step 0.
func (r *Run) findBefore(was *record) error {
	p := was.Proof
	switch {
	case p == nil:
		return errors.New("the run has no proof: an older version of the program began it")
	case r.Verify <= p.Since:
		return errors.Errorf("-verify is %d, but the settings of the run changed at step %d, and those before are not known: want a later step", r.Verify, p.Since)
	case p.Numbers != numbers:
		return errors.Errorf("the run has version %d of the numbers, this program %d: verify it with the program that began it", p.Numbers, numbers)
	}
	r.resumes, r.last = true, checkpoints.Saved{}
	for step := r.Verify - 1; step >= max(p.Since, 1); step-- {
		saved, err := checkpoints.Check(r.checkpoint(step))
		if err == nil {
			r.last = saved
			break
		}
	}
	if r.last.Dir == "" && p.Since > 0 {
		return errors.Errorf("no checkpoint from step %d to %d is left, where the settings changed: begin a run with -keep 0 to keep all", p.Since, r.Verify-1)
	}
	return nil
}

func (r *Run) checkpoint(step int) string {
	return filepath.Join(r.saves.Dir, fmt.Sprintf("step-%08d", step))
}

// verify recomputes the steps up to the one to verify, and ends the loop.
func (r *Run) verify(now record) (err error) {
	r.endLoop()
	if err := r.sameProof(now); err != nil {
		return err
	}
	sums, err := readSums(r.Out)
	if err != nil {
		return err
	}
	from, begin := r.setup.Trainer.Step, time.Now()
	if err := r.recompute(sums); err != nil {
		return err
	}
	against, err := r.compared(sums)
	if err != nil {
		return err
	}
	ranks := 1
	if r.group != nil {
		ranks = r.group.Size()
	}
	r.printf("step %d follows, bit for bit: %s from step %d on %s in %s, compared with %s; kernels %s; proof %s", r.Verify, plural(r.Verify-from, "step"), from,
		plural(ranks, "rank"), report.Duration(time.Since(begin)), against, kernel.Numbers(), r.record.Proof.Hash)
	return nil
}

// recompute trains up to the step to verify and compares the weights after each step with the sums of the run.
func (r *Run) recompute(sums map[int]uint32) error {
	tr, from := r.setup.Trainer, r.setup.Trainer.Step
	for _, err := range tr.Steps(context.Background(), r.setup.Batches) {
		if err != nil {
			return err
		}
		want, ok := sums[tr.Step]
		if got := sumOfWeights(tr.Program.Params()); ok && got != want {
			return errors.Errorf("step %d does not follow: recomputed from step %d, the weights have CRC-32C %08x, the run recorded %08x", tr.Step, from, got, want)
		}
		if tr.Step == r.Verify {
			break
		}
		if tr.Plateau != nil && r.Due() {
			return errors.Errorf("with -schedule plateau the rate after step %d depends on its evaluation, but its checkpoint is gone: begin a run with -keep 0 to keep all", tr.Step)
		}
	}
	if tr.Step != r.Verify {
		return errors.Errorf("-verify is %d, but the run has %d steps", r.Verify, tr.Step)
	}
	return nil
}

// compared compares the step with its checkpoint and names all that it was compared with.
func (r *Run) compared(sums map[int]uint32) (against string, err error) {
	saved := false
	err = r.averaged(func() (err error) { // a checkpoint holds the average
		saved, err = r.sameCheckpoint()
		return err
	})
	if err != nil {
		return "", err
	}
	_, ok := sums[r.Verify]
	switch {
	case ok && saved:
		return sumsName + " and its checkpoint", nil
	case ok:
		return sumsName, nil
	case saved:
		return "its checkpoint", nil
	case !r.leads():
		return "", nil
	}
	return "", errors.Errorf("step %d is neither a checkpoint nor in %s: nothing to compare with", r.Verify, sumsName)
}

// sameProof returns an error if the proof of the run is not that of its settings, data, tokenizer and model here.
func (r *Run) sameProof(now record) error {
	was := *r.record.Proof
	if have := kernel.Numbers(); have != was.Kernels {
		remedy := "verify it on such a processor, or verify runs that were trained with -portable"
		if was.Kernels == "portable" {
			remedy = "leave out -portable=false"
		}
		return errors.Errorf("the run has the bits of the kernels %q, this process of %q: %s", was.Kernels, have, remedy)
	}
	mine := was
	if r.setup.Trainer.Step == was.Since {
		mine.Weights = hashOfWeights(r.setup.Trainer.Program.Params())
	}
	hash, err := r.hash(now, &mine)
	if err != nil {
		return err
	}
	if hash != was.Hash {
		return errors.Errorf("the proof of the run is %.12s, but its settings, data, tokenizer and first weights have %.12s", was.Hash, hash)
	}
	return nil
}

// sameCheckpoint compares weights and moments with the checkpoint of the step, if it exists.
func (r *Run) sameCheckpoint() (found bool, err error) {
	state, err := r.setup.Trainer.Moments()
	if err != nil || !r.leads() {
		return false, err
	}
	dir := r.checkpoint(r.Verify)
	if _, err := checkpoints.Check(dir); err != nil {
		return false, nil
	}
	want := map[string]*tensor.Dense{}
	for name, t := range r.weights() {
		want[name] = tensor.New(tensor.Of(t.Dtype()), tensor.WithShape(t.Shape()...))
	}
	if err := checkpoints.LoadWeights(dir, maps.All(want), checkpoints.Rules{}); err != nil {
		return false, err
	}
	for name, t := range r.weights() {
		if !bytes.Equal(memory(t), memory(want[name])) {
			return true, errors.Errorf("step %d does not follow: the weight %s differs from that of %s", r.Verify, name, dir)
		}
	}
	moments, err := checkpoints.Read(filepath.Join(dir, "optimizer.safetensors"))
	if err != nil {
		return false, err
	}
	for name, t := range state {
		if m := moments[name]; m == nil || !sameData(t, m) {
			return true, errors.Errorf("step %d does not follow: the state %s of the optimizer differs from that of %s", r.Verify, name, dir)
		}
	}
	return true, nil
}

func sameData(a, b *tensor.Dense) bool {
	switch {
	case a.Dtype() != b.Dtype():
		return false
	case a.Dtype() == tensor.Int32:
		return bytes.Equal(bytesOf(a.Int32s()), bytesOf(b.Int32s()))
	case a.Dtype() == tensor.Int64:
		return bytes.Equal(bytesOf(a.Int64s()), bytesOf(b.Int64s()))
	}
	return bytes.Equal(memory(a), memory(b))
}
