package job

import (
	"context"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// Program describes the program that trains.
type Program struct {
	Name  string        // such as "gpt"; a run resumes with the program that began it
	Flags *flag.FlagSet // parsed flags, with the flags of Options; nil if the program has none

	Data  []string // names of flags that name data; they may differ from the run's if the data are the same
	Fixed []string // names of flags that can never change in a run, such as flags of the model's shape
	Paths []string // names of flags whose values are paths; the run keeps them absolute, so that it resumes from any folder

	W io.Writer // receives the lines about the run; nil means os.Stdout

	Group train.Group // processes that train together; nil means those that mpirun has started, if any
}

// Run is a run in its folder. It is not safe for concurrent use.
type Run struct {
	*Options
	program Program
	folder  *folder
	record  record
	saves   checkpoints.Run
	last    checkpoints.Saved // the newest checkpoint; Dir is "" if there is none
	resumes bool

	changed   []string // flags that differ from the run's, where that is allowed
	otherData []string // flags that name data and differ from the run's
	pipes     context.CancelFunc

	setup    Setup
	moments  train.Stateful
	state    state
	log      *report.Log
	sums     *weightSums
	show     report.Progress
	headline headline
	watched  *watching // nil without -watch

	watchable *page.Record // for pages of other processes
	parts     *page.Parts  // nil if they are not measured

	recorders []report.Recorder // files of -metrics but log.csv
	saved     int               // step of the last checkpoint
	scored    int               // step of the last evaluation
	started   bool
	err       error // first error of Step, Evaluate and Save

	signals, loop context.Context
	restore       context.CancelFunc
	interrupt     context.CancelFunc // acts as a signal
	end           context.CancelFunc // ends the loop

	group    train.Group // nil for one process
	prepared bool        // rank 0 has prepared its data
}

// Open opens and locks the folder of a run. It makes the folder unless it exists. If the run resumes, Open sets flags that are not on
// the command line to the run's values. It is an error if another process uses the folder, if the folder is not writable or holds
// something else, or if flags on the command line differ from the run's. Call Close at the end. If no run started, Close removes the
// folder that Open made.
func Open(o *Options, p Program) (run *Run, err error) {
	if p.Flags != nil {
		if err := Configure(p.Flags, nil); err != nil {
			return nil, err
		}
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	r := &Run{Options: o, program: p, pipes: train.SurvivePipes(), loop: context.Background()}
	defer func() {
		if err != nil {
			r.Close()
			run, err = nil, errors.WithMessagef(err, "run in %s", o.Out)
		}
	}()
	if r.program.W == nil {
		r.program.W = os.Stdout
	}
	if err := r.join(); err != nil {
		return nil, err
	}
	if r.group != nil {
		err = r.openTogether()
	} else {
		err = r.open()
	}
	if err == nil && r.Portable {
		err = kernel.Portable()
	}
	return r, err
}

// open opens the folder and finds its run.
func (r *Run) open() (err error) {
	if _, err := os.Stat(filepath.Join(r.Out, recordName)); err != nil && (r.Resume || r.Verify > 0) {
		return errors.New("no run to resume or to verify: check -out, or begin a run without -resume and -verify")
	}
	if r.Verify > 0 {
		return r.find()
	}
	if r.folder, err = openFolder(r.Out); err != nil {
		return err
	}
	return r.find()
}

// find finds the run in the folder, if there is one, and sets the flags to its values if the run resumes.
func (r *Run) find() error {
	r.saves = checkpoints.Run{Dir: filepath.Join(r.Out, "checkpoints")}
	was, err := readRecord(r.Out)
	if errors.Is(err, fs.ErrNotExist) {
		return r.checkNew()
	} else if err != nil {
		return err
	}
	if r.Verify > 0 {
		if err := r.findBefore(was); err != nil {
			return err
		}
		r.record = *was
		return r.recall(was)
	}
	if r.last, err = r.saves.Latest(); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if r.last.Dir == "" && hasModel(r.Out) {
		return errors.New("the folder holds a model, but the checkpoints of its run are gone: choose another -out")
	}
	switch {
	case r.Resume, r.Auto && r.last.Dir != "":
		r.resumes = true
	case r.last.Dir != "":
		return errors.Errorf("it has %d steps: resume it with -resume, or choose another -out", r.last.Step)
	default: // a run that ended before its first checkpoint starts over
		return r.checkChange()
	}
	r.record = *was
	if err := r.checkChange(); err != nil {
		return err
	}
	return r.recall(was)
}

// hasModel reports whether a folder holds the weights of a model. The folder of a finished run does.
func hasModel(dir string) bool {
	return slices.ContainsFunc([]string{"model.safetensors", "model.safetensors.index.json", "adapter_model.safetensors"}, func(name string) bool {
		_, err := os.Lstat(filepath.Join(dir, name))
		return err == nil
	})
}

// checkNew returns an error if the folder holds files of another program.
func (r *Run) checkNew() error {
	names, err := os.ReadDir(r.Out)
	if err != nil {
		return errors.WithStack(err)
	}
	for _, f := range names {
		name := f.Name()
		if name == "checkpoints" || name == "config.json" || strings.HasSuffix(name, ".safetensors") || name == "log.csv" {
			return errors.Errorf("the folder holds %s of another program: choose another -out", name)
		}
	}
	return r.checkChange()
}

// checkChange returns an error if -change has no effect or names a flag that cannot change.
func (r *Run) checkChange() error {
	names := r.changes()
	if len(names) > 0 && !r.resumes {
		return errors.Errorf("-change is %s, but no run is resumed: leave it out", r.Change)
	}
	for _, name := range names {
		if r.program.Flags != nil && r.program.Flags.Lookup(name) == nil {
			return errors.Errorf("-change names %s, which is no flag", name)
		}
		if slices.Contains(r.program.Fixed, name) {
			return errors.Errorf("-change names %s, which cannot change in a run: choose another -out", name)
		}
	}
	return nil
}

// Resumed returns the folder of the newest checkpoint if the run resumes from one. It is a model folder, with the model's
// configuration and the tokenizer.
func (r *Run) Resumed() (dir string, ok bool) { return r.last.Dir, r.resumes && r.last.Dir != "" }

// File returns the path of a file that the program keeps in the run's folder. In a dry run or to verify a step it returns "", because
// these leave no file. If no run starts, Close removes the file unless it existed before. Ranks other than 0 wait until rank 0 has prepared its data, so
// that they find the file.
func (r *Run) File(name string) string {
	if r.Rehearses() {
		return ""
	}
	path := filepath.Join(r.Out, name)
	if r.leads() {
		r.folder.file(path)
	} else {
		r.err = first(r.err, r.await())
	}
	return path
}

// Context returns a context that is cancelled when the run must end: by a signal, by early stopping, by an error, or by Start in a dry
// run.
func (r *Run) Context() context.Context { return r.loop }

// Note writes a line above the progress.
func (r *Run) Note(format string, args ...any) {
	r.headline.finish(r.program.W)
	r.show.Note(format, args...)
}

// printf writes a line about the run. It ignores errors: a closed screen does not end a run.
func (r *Run) printf(format string, args ...any) {
	r.headline.finish(r.program.W)
	fmt.Fprintf(r.program.W, format+"\n", args...)
}

// Close unlocks the folder and restores the default signal handling. Steps since the last checkpoint are lost unless Finish has saved
// them.
func (r *Run) Close() error {
	var err error
	r.watched.close()
	if r.started {
		r.show.Done()
		r.headline.finish(r.program.W)
		if r.leads() {
			err = first(r.log.Close(), r.watchable.Close(), r.closeRecorders(), r.sums.close())
		}
		r.end()
		r.restore()
		r.interrupt()
	}
	if r.folder != nil {
		if e := r.folder.close(r.started); err == nil {
			err = e
		}
	}
	r.pipes()
	*r = Run{Options: r.Options, program: r.program, loop: context.Background(), pipes: func() {}}
	return err
}
