package main

import (
	"flag"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/pictures"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// evaluation holds the flags of eval.
type evaluation struct {
	model, images, labels string
	batch, size           int

	set *flag.FlagSet
}

func (e *evaluation) flags(f *flags.Set) {
	e.set = f.FlagSet
	f.StringVar(&e.model, "model", "out/vision", "`folder` of the model")
	f.StringVar(&e.images, "images", "", "idx `file` of pictures to score, .gz too (default: the test pictures of the model's run)")
	f.StringVar(&e.labels, "labels", "", "idx `file` of their labels, .gz too")
	f.IntVar(&e.size, "size", 0, sizeUsage)
	f.IntVar(&e.batch, "batch", 128, "pictures in a batch")
}

// run scores a model on pictures with labels, or on the test pictures of its run.
func (e *evaluation) run(w io.Writer) error {
	err := flags.First(flags.AtLeast("batch", e.batch, 1), flags.AtLeast("size", e.size, 0), idxFiles("", e.images, e.labels), flags.Model("model", e.model))
	if err != nil {
		return err
	}
	c, err := open(e.model, e.size)
	if err != nil {
		return err
	}
	var p data.Pictures
	if e.images == "" {
		p, err = e.test()
	} else if p, err = data.ReadPictures(e.images, e.labels); err == nil {
		err = errors.WithMessage(p.Check(len(c.Labels)), e.labels)
	}
	if err != nil {
		return err
	}
	if p.Channels != c.Channels {
		return errors.Errorf("the pictures have %d channels, the model of %s has %d", p.Channels, e.model, c.Channels)
	}
	if p, err = pictures.Resize(p, c.size, c.Filter()); err != nil {
		return err
	}
	if err := c.build(c.Logits(e.batch, c.size)); err != nil {
		return err
	}
	return score(w, c.program, p.Sequential(e.batch, c.Scale()), p.Len(), c.Labels)
}

// test returns the test pictures of the model's run.
func (e *evaluation) test() (data.Pictures, error) {
	o := defaults()
	o.flags(flags.NewSet("train"))
	p := o.program()
	p.Data = append(slices.Clone(p.Data), "classes", "size", "seed")
	was, err := job.Recall(p, e.model)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.Errorf("-images is missing, and %s has no run with pictures: name files of pictures and labels to score", e.model)
	}
	if err != nil {
		return data.Pictures{}, err
	}
	found, err := o.parts()
	if err != nil {
		return data.Pictures{}, err
	}
	if now := found.key(); now != was {
		return data.Pictures{}, errors.Errorf("the pictures have key %.16s, the run of %s had %.16s: they have changed: name others with -images", now, e.model, was)
	}
	return found.test, nil
}

// score writes the loss, the scores of each class and the confusion matrix.
func score(w io.Writer, p *graph.Program, pass train.Pass, n int, labels []string) error {
	found, err := train.PredictPass(p, pass, n)
	if err != nil {
		return err
	}
	e, err := found.Evaluation()
	if err != nil {
		return err
	}
	c, err := found.Classification(labels)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "loss %.4f accuracy %.4f pictures %d\n\n%v", e.Loss, e.Accuracy, e.Tokens, c)
	return errors.WithStack(err)
}
