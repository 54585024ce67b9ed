package main

import (
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/columns"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// format is the layout of a file of labelled texts. Train and eval share its flags.
type format struct {
	columns.Format
	text, label string
	labelUntil  string
}

func (c *format) flags(f *flags.Set) {
	f.StringVar(&c.text, "text-column", c.text, "column of the texts: its name in the header, or its number from 0")
	f.StringVar(&c.label, "label-column", c.label, "column of the labels: its name in the header, or its number from 0")
	f.StringVar(&c.labelUntil, "label-until", c.labelUntil, "cut labels before the first such text: with \":\", HUM:desc is HUM")
	c.Format.Flags(f, "both columns are numbers")
}

// read reads a file of labelled texts.
func (c *format) read(path string) ([]data.LabelledText, error) {
	layout, numbers, err := c.Find(path, columns.Column{Flag: "text-column", Name: c.text}, columns.Column{Flag: "label-column", Name: c.label})
	if err != nil {
		return nil, err
	}
	layout.Text, layout.Label = numbers[0], numbers[1]
	rows, err := data.ReadLabelled(path, layout)
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, errors.Errorf("%s holds no labelled text", path)
	}
	if c.labelUntil != "" {
		for i := range rows {
			rows[i].Label, _, _ = strings.Cut(rows[i].Label, c.labelUntil)
		}
	}
	return rows, nil
}

// texts holds the labelled texts of a run.
type texts struct{ learning, held, test []data.LabelledText }

// texts reads the files of the flags, or the comments of Go's library.
func (o *options) texts() (t texts, err error) {
	if o.data == "" {
		t.learning, err = library()
	} else {
		t.learning, err = o.read(o.data)
	}
	if err != nil {
		return t, err
	}
	if o.valid != "" {
		t.held, err = o.read(o.valid)
	} else {
		t.learning, t.held, err = holdOut(t.learning, o.heldOut, o.Seed)
	}
	if err != nil {
		return t, err
	}
	if t.test = t.held; o.test != "" {
		if t.test, err = o.read(o.test); err != nil {
			return t, err
		}
	}
	return t, nil
}

// holdOut draws a fraction of the texts at random. It returns the others and the drawn ones, in their order.
func holdOut(all []data.LabelledText, fraction float64, seed uint64) (learning, held []data.LabelledText, err error) {
	random := kernel.Seed{Key: kernel.Key(seed, "held out")}
	for i, t := range all {
		if random.Uniform(uint64(i)) < fraction {
			held = append(held, t)
		} else {
			learning = append(learning, t)
		}
	}
	if len(held) == 0 || len(learning) == 0 {
		return nil, nil, errors.Errorf("-held-out %g leaves %d of %d texts to learn from and holds %d out: want some of both, or give -valid",
			fraction, len(learning), len(all), len(held))
	}
	return learning, held, nil
}
