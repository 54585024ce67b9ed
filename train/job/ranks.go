package job

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/mpi"
)

// Several ranks train one run: rank 0 opens and locks the folder, writes all files and lines, and shows the page. The others read the same
// folder. All decide alike, from values that they share.

// join finds the ranks of the run.
func (r *Run) join() (err error) {
	if r.group = r.program.Group; r.group == nil {
		if r.group, err = mpi.Join(); err != nil {
			return err
		}
	}
	if r.group != nil && r.group.Size() == 1 {
		r.group = nil
	}
	if !r.leads() {
		r.program.W, r.show.W, r.Watch = io.Discard, io.Discard, ""
	}
	return nil
}

// leads reports whether this process writes the files and lines of the run.
func (r *Run) leads() bool { return r.group == nil || r.group.Rank() == 0 }

// openTogether opens the folder on rank 0, then finds the run on the others.
func (r *Run) openTogether() (err error) {
	if r.leads() {
		err = r.open()
	}
	if failed, e := train.AnyOf(r.group, err != nil); failed || e != nil {
		return first(err, e, errors.New("rank 0 cannot open it"))
	}
	if !r.leads() {
		err = r.find()
	}
	v := []float64{0, 0}
	if r.leads() {
		v[0], v[1] = float64(r.last.Step), truth(r.resumes)
	}
	if e := train.Share(r.group, v); e != nil || err != nil {
		return first(err, e)
	}
	if float64(r.last.Step) != v[0] || truth(r.resumes) != v[1] {
		return errors.Errorf("rank %d finds a run of %d steps there, rank 0 one of %v: all machines must share the folder", r.group.Rank(), r.last.Step, v[0])
	}
	return r.divideBatch()
}

// first returns the first error that is not nil.
func first(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// divideBatch divides the batch of a new run into micro-batches if there are more ranks than micro-batches.
func (r *Run) divideBatch() error {
	f, size := r.program.Flags, r.group.Size()
	if f == nil || f.Lookup("micro-batches") == nil {
		return nil // the Trainer checks
	}
	micro, err := strconv.Atoi(f.Lookup("micro-batches").Value.String())
	if err != nil || micro >= size {
		return errors.WithStack(err)
	}
	if r.resumes {
		return errors.Errorf("a step of the run has %d micro-batches for %d ranks, want at least one for each: resume it with mpirun -n %[1]d or fewer", micro, size)
	}
	batch := 0
	if b := f.Lookup("batch"); b != nil {
		if batch, err = strconv.Atoi(b.Value.String()); err != nil {
			return errors.WithStack(err)
		}
	}
	for parts := 2; parts <= batch; parts++ {
		if batch%parts != 0 || micro*parts < size {
			continue
		}
		r.printf("%d ranks: a step of -batch %d -micro-batches %d is divided into -batch %d -micro-batches %d", size, batch, micro, batch/parts, micro*parts)
		if err := f.Set("batch", strconv.Itoa(batch/parts)); err != nil {
			return errors.WithStack(err)
		}
		return errors.WithStack(f.Set("micro-batches", strconv.Itoa(micro*parts)))
	}
	return errors.Errorf("-micro-batches is %d for %d ranks and -batch %d cannot be divided among them: set -micro-batches to a multiple of %[2]d", micro, size, batch)
}

// redivide restores the division of the run's batch if the flags ask for a step of the same size, so that the command that began the run
// resumes it. given names the flags of the command line.
func (r *Run) redivide(was *record, given map[string]bool) error {
	f := r.program.Flags
	names := []string{"batch", "micro-batches"}
	if r.group == nil || !given[names[0]] || f.Lookup(names[0]) == nil || f.Lookup(names[1]) == nil {
		return nil
	}
	here, there := 1, 1
	for _, name := range names {
		value := f.Lookup(name).Value.String()
		a, err := strconv.Atoi(value)
		b, e := strconv.Atoi(was.Flags[name])
		if err != nil || e != nil || name == names[1] && a > b {
			return nil // recall compares them
		}
		here, there = here*a, there*b
	}
	if here != there {
		return nil
	}
	for _, name := range names {
		if err := f.Set(name, was.Flags[name]); err != nil {
			return errors.WithStack(err)
		}
	}
	return nil
}

// await waits until rank 0 has prepared its data. Rank 0 calls it in Start.
func (r *Run) await() error {
	if r.group == nil || r.prepared || r.Rehearses() {
		return nil
	}
	r.prepared = true
	return r.group.Broadcast(0, []byte{1})
}

// sameEverywhere returns an error if this rank does not begin as rank 0 does: with the same settings, data, tokenizer, weights and kernels.
func (r *Run) sameEverywhere(now record) error {
	if r.group == nil {
		return nil
	}
	now.Sum = ""
	text, err := json.Marshal(struct {
		Record record
		State  train.State
		Config any
	}{now, r.setup.Trainer.State, r.setup.Config})
	if err != nil {
		return errors.WithStack(err)
	}
	h := sha256.New()
	h.Write(text)
	fmt.Fprintf(h, "%016x", sumOfWeights(r.setup.Trainer.Program.Params()))
	mine := h.Sum(nil)
	theirs := append([]byte(nil), mine...)
	if err := r.group.Broadcast(0, theirs); err != nil {
		return err
	}
	differs := string(mine) != string(theirs)
	any, err := train.AnyOf(r.group, differs)
	switch {
	case err != nil:
		return err
	case differs:
		return errors.Errorf("rank %d begins with other settings, data, tokenizer, weights or kernels than rank 0: start all ranks with the same program, "+
			"flags, files and kind of processor, or with -portable", r.group.Rank())
	case any:
		return errors.New("another rank begins with other settings, data, tokenizer, weights or kernels")
	}
	return nil
}

// interruptedAnywhere reports whether a signal has come to some rank. It then acts as if it had come to this one.
func (r *Run) interruptedAnywhere() bool {
	if r.group == nil || r.Rehearses() {
		return r.signals.Err() != nil
	}
	stop, err := train.AnyOf(r.group, r.signals.Err() != nil)
	r.fail(err)
	if stop {
		r.interrupt()
	}
	return stop
}

// score returns the score of an evaluation, computed by rank 0.
func (r *Run) score(e train.Evaluation) (float64, error) {
	s := r.setup.Score
	if r.group == nil || s.Of == nil {
		return s.of(r.signals, e)
	}
	v, err := []float64{0, 0}, error(nil)
	if r.leads() {
		if v[0], err = s.of(r.signals, e); err != nil {
			v = []float64{0, 1}
			if r.signals.Err() != nil {
				v[1] = 2
			}
		}
	}
	if e := train.Share(r.group, v); e != nil {
		return 0, e
	}
	switch {
	case err != nil:
		return 0, err
	case v[1] == 1:
		return 0, errors.Errorf("rank 0 cannot compute the score %s", s.Name)
	case v[1] == 2:
		return 0, errors.WithStack(context.Canceled)
	}
	return v[0], nil
}

// spread gives all ranks the weights of rank 0, which has loaded the best ones.
func (r *Run) spread() error {
	if r.group == nil {
		return nil
	}
	for _, t := range r.setup.Trainer.Program.Params().All() {
		if err := r.group.Broadcast(0, memory(t)); err != nil {
			return err
		}
	}
	return nil
}
