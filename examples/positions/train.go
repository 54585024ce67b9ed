package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// prepare checks the flags. If the folder has a run, flags that are not on the command line get its values.
func (o *options) prepare() error {
	if o.Out == "" {
		return errors.New("-out is empty, want a folder")
	}
	if err := flags.First(flags.AtLeast("steps", o.Steps, 1), flags.AtLeast("eval-tokens", o.EvalTokens, 0), flags.Output("out", o.Out)); err != nil {
		return err
	}
	found, changes := false, false
	for _, s := range all {
		dir := filepath.Join(o.Out, s.folder())
		changes = changes || resumes(dir)
		if found {
			continue
		}
		p := o.program()
		p.Data = o.recorded()
		if _, err := job.Recall(p, dir); err == nil {
			found = true
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	switch {
	case o.Resume && !found:
		return errors.Errorf("%s has no run to resume: check -out, or leave out -resume to begin one", o.Out)
	case o.Change != "" && !changes:
		return errors.Errorf("-change is %s, but no run is resumed: leave it out", o.Change)
	}
	return o.check()
}

// recorded returns the names of the flags that a run records.
func (o *options) recorded() (names []string) {
	f := flags.NewSet("positions")
	c := *o
	c.trainFlags(f)
	f.VisitAll(func(f *flag.Flag) {
		if job.Recorded(f.Name) {
			names = append(names, f.Name)
		}
	})
	return names
}

// resumes reports whether a run in the folder has a checkpoint.
func resumes(dir string) bool {
	saved, err := checkpoints.Run{Dir: filepath.Join(dir, "checkpoints")}.Latest()
	return err == nil && saved.Dir != ""
}

// trained is a trained model.
type trained struct {
	*options
	params *graph.Params
	log    string
}

// train trains the model of a scheme, continues its training, or loads it. It returns nil if the training was interrupted.
func (o *options) train(w io.Writer, t *text, s scheme) (*trained, error) {
	o, err := o.of(s)
	if err != nil {
		return nil, err
	}
	p := o.program()
	if p.W = w; o.kept() {
		fmt.Fprintf(w, "%s: the model in %s is trained\n", s.title, o.Out)
		p.W = io.Discard
	}
	run, err := job.Open(&o.Options, p)
	if err != nil {
		return nil, err
	}
	defer run.Close()
	setup, err := o.setup(t, s, run)
	if err != nil {
		return nil, err
	}
	if err := run.Start(setup); err != nil {
		return nil, err
	}
	for r, err := range setup.Trainer.Steps(run.Context(), setup.Batches) {
		if err != nil {
			return nil, err
		}
		run.Step(r)
		if run.Due() && run.Save(run.Evaluate()) {
			break
		}
	}
	finished, err := run.Finish()
	if err != nil || !finished && !o.DryRun {
		return nil, err
	}
	return &trained{o, setup.Trainer.Program.Params(), filepath.Join(o.Out, "log.csv")}, nil
}

// kept reports whether the folder holds the model of a run that has all its steps.
func (o *options) kept() bool {
	saved, err := checkpoints.Run{Dir: filepath.Join(o.Out, "checkpoints")}.Latest()
	if err != nil || saved.Step < o.Steps {
		return false
	}
	_, err = os.Stat(filepath.Join(o.Out, "model.safetensors"))
	return err == nil
}

// setup declares the model of a scheme and its training.
func (o *options) setup(t *text, s scheme, run *job.Run) (setup job.Setup, err error) {
	m, params := o.model(s, t.vocabulary.VocabSize(), o.context), o.Params()
	loss := m.Loss(o.batch, o.context)
	if err := run.Require(func(mode graph.Mode) (graph.Requirements, error) { return graph.Estimate(params, mode, loss) }); err != nil {
		return setup, err
	}
	step, err := graph.Build(params, graph.Train, loss)
	if err != nil {
		return setup, err
	}
	if setup.Eval, err = graph.Build(params, graph.Eval, loss); err != nil {
		return setup, err
	}
	batches, held := t.learning.Batches(o.batch, o.context), t.held.Sequential(o.batch, o.context)
	batches.Seed, held.Spread = o.Seed, o.EvalTokens
	setup.Batches, setup.Held = batches, held
	if setup.Trainer, err = o.Trainer(step, o.Steps); err != nil {
		return setup, err
	}
	setup.Config, setup.Files, setup.Data = m, t.vocabulary.Files, t.key
	setup.About = message.NewPrinter(language.English).Sprintf("a GPT of %d parameters with %s positions on %d characters of %s, %d held out",
		params.Size(), s.title, t.learning.Len(), t.name, t.held.Len())
	return setup, o.show(t, m, &setup)
}

// show answers the page of -watch.
func (o *options) show(t *text, m models.GPT, setup *job.Setup) error {
	if o.Watch == "" {
		return nil
	}
	cuts, err := inside.Cutters(vocabulary.Files(t.files))
	if err != nil {
		return err
	}
	batches := t.learning.Batches(o.batch, o.context)
	batches.Seed = o.Seed
	setup.Inside = inside.Watched(m, t.vocabulary.Tokenizer, cuts, o.Options, o.MicroBatches, batches)
	return nil
}
