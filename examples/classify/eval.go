package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// evaluation holds the flags of eval.
type evaluation struct {
	format
	model, data string
	omit        bool
	batch       int

	set *flag.FlagSet
}

func (e *evaluation) flags(f *flags.Set) {
	e.set = f.FlagSet
	f.Group("Data")
	f.StringVar(&e.model, "model", "out/classify", "`folder` of the model")
	f.StringVar(&e.data, "data", "", "`file` of labelled texts to score, .gz too (default: the held-out texts of the model's run)")
	e.format.flags(f)
	vocabulary.OmitFlag(f, &e.omit)
	f.IntVar(&e.batch, "batch", 32, "texts in a batch")
}

// run scores a model on a file of labelled texts, or on the held-out texts of its run.
func (e *evaluation) run(w io.Writer) error {
	if err := flags.First(flags.AtLeast("batch", e.batch, 1), flags.File("data", e.data), flags.Model("model", e.model)); err != nil {
		return err
	}
	c, err := open(e.model, e.omit)
	if err != nil {
		return err
	}
	var rows data.Rows
	cut := 0
	if e.data == "" {
		rows, cut, err = e.heldOut(&c)
	} else {
		rows, cut, err = e.file(&c)
	}
	if err != nil {
		return err
	}
	if cut > 0 {
		fmt.Fprintf(w, "cut to %d tokens: %d texts\n", c.context, cut)
	}
	sizes, err := rows.Shapes(data.Shaping{Rows: e.batch}, c.tok.pad)
	if err != nil {
		return err
	}
	if err := c.build(sizes...); err != nil {
		return err
	}
	return score(w, c.program, rows, sizes, c.labels)
}

// file returns the rows of -data, and the number of rows that were longer than the model sees.
func (e *evaluation) file(c *classifier) (rows data.Rows, cut int, err error) {
	texts, err := e.read(e.data)
	if err != nil {
		return nil, 0, err
	}
	rows, cut, err = c.rows(texts)
	return rows, cut, errors.WithMessage(err, e.data)
}

// heldOut returns the held-out rows of the model's run, and the number of rows that were longer than the model sees.
func (e *evaluation) heldOut(c *classifier) (rows data.Rows, cut int, err error) {
	o, was, err := e.recall()
	if err != nil {
		return nil, 0, err
	}
	texts, err := o.texts()
	if err != nil {
		return nil, 0, err
	}
	c.tok.OmitUnknown = o.vocabulary.OmitUnknown
	learning, _, err := c.rows(texts.learning)
	if err != nil {
		return nil, 0, errors.WithMessage(err, "texts to learn from")
	}
	if rows, cut, err = c.rows(texts.held); err != nil {
		return nil, 0, errors.WithMessage(err, "texts held out")
	}
	if now := key(learning, rows); now != was {
		return nil, 0, errors.Errorf("%s has key %.16s, the run of %s had %.16s: the texts have changed: name others with -data",
			cmp.Or(o.data, "Go's library"), now, e.model, was)
	}
	return rows, cut, nil
}

// recall returns the options of the model's run, with the layout on the command line if it names one, and the key of the run's data.
func (e *evaluation) recall() (o *options, key string, err error) {
	o = defaults()
	o.flags(flags.NewSet("train"))
	p := o.program()
	p.Data = append(slices.DeleteFunc(p.Data, func(name string) bool { return name == "test" }), "seed")
	e.set.Visit(func(f *flag.Flag) {
		if slices.Contains(p.Data, f.Name) && err == nil {
			err = o.set.Set(f.Name, f.Value.String())
		}
	})
	if err != nil {
		return nil, "", errors.WithStack(err)
	}
	key, err = job.Recall(p, e.model)
	if errors.Is(err, fs.ErrNotExist) {
		err = errors.Errorf("-data is missing, and %s has no run with held-out texts: name a file of labelled texts to score", e.model)
	}
	return o, key, err
}

// rows encodes texts and cuts them to the tokens that the model sees.
func (c *classifier) rows(texts []data.LabelledText) (rows data.Rows, cut int, err error) {
	if rows, err = data.EncodeRows(texts, c.tok, c.labels); err != nil {
		return nil, 0, err
	}
	rows, cut = c.tok.truncate(rows, c.context)
	return rows, cut, nil
}

// score writes the loss, the scores of each class and the confusion matrix.
func score(w io.Writer, p *graph.Program, rows data.Rows, sizes []data.RowSize, labels []string) error {
	found, err := train.Predict(p, rows, sizes...)
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
	_, err = fmt.Fprintf(w, "loss %.4f accuracy %.4f texts %d\n\n%v", e.Loss, e.Accuracy, e.Tokens, c)
	return errors.WithStack(err)
}
