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
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// Program is the program that trains.
type Program struct {
	Name  string        // such as "gpt"; a run resumes with the program that began it
	Flags *flag.FlagSet // parsed, those of Options among them; nil if it has none

	Data  []string // names of flags that name data: they may differ from the run's as long as the data are the same
	Fixed []string // names of flags that can never change in a run, such as those of the model's shape

	W io.Writer // for the lines about the run; nil means os.Stdout
}

// Run is a run in its folder. It is for one goroutine.
type Run struct {
	*Options
	program Program
	folder  *folder
	record  record
	saves   checkpoints.Run
	last    checkpoints.Saved // the newest checkpoint; Dir is "" if there is none
	resumes bool

	changed   []string // flags that differ from the run's and are allowed to
	otherData []string // flags of data that differ from the run's
	pipes     context.CancelFunc

	setup    Setup
	moments  train.Stateful
	state    state
	log      *report.Log
	show     report.Progress
	headline headline
	saved    int // step of the last checkpoint
	started  bool
	err      error // the first of Step, Evaluate and Save

	signals, loop context.Context
	restore       context.CancelFunc
	end           context.CancelFunc // ends the loop
}

// Open opens the folder of a run, which it makes unless it exists, and locks it. If the run resumes, flags that the command line does
// not name get the run's values. A folder that another process uses, that cannot be written to, or that holds something else is an
// error, and so are flags that differ from the run's. Call Close at the end: it removes a folder that Open has made if no run started.
func Open(o *Options, p Program) (*Run, error) {
	r := &Run{Options: o, program: p, pipes: train.SurvivePipes(), loop: context.Background()}
	if r.program.W == nil {
		r.program.W = os.Stdout
	}
	if err := r.open(); err != nil {
		r.Close()
		return nil, errors.WithMessagef(err, "run in %s", o.Out)
	}
	if err := o.check(); err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

func (r *Run) open() (err error) {
	if r.Out == "" {
		return r.check()
	}
	if _, err := os.Stat(filepath.Join(r.Out, recordName)); err != nil && r.Resume {
		return errors.New("there is no run to resume: look at -out, or leave -resume out to begin one")
	}
	if r.folder, err = openFolder(r.Out); err != nil {
		return err
	}
	r.saves = checkpoints.Run{Dir: filepath.Join(r.Out, "checkpoints")}
	was, err := readRecord(r.Out)
	if errors.Is(err, fs.ErrNotExist) {
		return r.checkNew()
	} else if err != nil {
		return err
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
	default: // a run that ended before its first checkpoint begins again
		return r.checkChange()
	}
	r.record = *was
	if err := r.checkChange(); err != nil {
		return err
	}
	return r.recall(was)
}

// hasModel reports whether a folder holds the weights of a model, as that of a run that has ended does.
func hasModel(dir string) bool {
	return slices.ContainsFunc([]string{"model.safetensors", "model.safetensors.index.json"}, func(name string) bool {
		_, err := os.Lstat(filepath.Join(dir, name))
		return err == nil
	})
}

// checkNew refuses to begin a run in a folder that holds something else.
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

// checkChange refuses a -change that cannot mean anything.
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

// File returns the path of a file that the program keeps in the run's folder, or "" in a dry run, which leaves none. If no run starts,
// Close removes the file unless it existed.
func (r *Run) File(name string) string {
	if r.DryRun {
		return ""
	}
	path := filepath.Join(r.Out, name)
	r.folder.file(path)
	return path
}

// Context is cancelled when the run is to end: by a signal, by early stopping, by an error, or from Start on in a dry run.
func (r *Run) Context() context.Context { return r.loop }

// Note writes a line above the progress.
func (r *Run) Note(format string, args ...any) {
	r.headline.finish(r.program.W)
	r.show.Note(format, args...)
}

// printf writes a line about the run. A screen that is gone does not end a run.
func (r *Run) printf(format string, args ...any) {
	r.headline.finish(r.program.W)
	fmt.Fprintf(r.program.W, format+"\n", args...)
}

// Close releases the folder and the signals. Steps since the last checkpoint are lost unless Finish has saved them.
func (r *Run) Close() error {
	var err error
	if r.started {
		r.show.Done()
		r.headline.finish(r.program.W)
		err = r.log.Close()
		r.end()
		r.restore()
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
