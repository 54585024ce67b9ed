package main

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// format is the layout of a file of labelled texts. Train and eval share its flags.
type format struct {
	text, label string
	separator   string
	header      bool
	labelUntil  string
	encoding    textfile.Encoding
}

func (c *format) flags(f *flags.Set) {
	f.StringVar(&c.text, "text-column", c.text, "column of the texts: its name in the header, or its number from 0")
	f.StringVar(&c.label, "label-column", c.label, "column of the labels: its name in the header, or its number from 0")
	f.StringVar(&c.separator, "separator", c.separator, "text between columns; a space is for lines of a label and a text (default: a comma for .csv, else a tab)")
	f.BoolVar(&c.header, "header", c.header, "leave out the first line, if both columns are numbers; names imply it")
	f.StringVar(&c.labelUntil, "label-until", c.labelUntil, "cut labels before the first such text: with \":\", HUM:desc is HUM")
	f.TextVar(&c.encoding, "encoding", c.encoding, flags.EncodingHelp)
}

// read reads a file of labelled texts.
func (c *format) read(path string) ([]data.LabelledText, error) {
	columns, err := c.columns(path)
	if err != nil {
		return nil, err
	}
	rows, err := data.ReadLabelled(path, columns)
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

// columns returns the layout of a file, with the numbers of its columns.
func (c *format) columns(path string) (columns data.Columns, err error) {
	columns.Header = c.header
	columns.Separator = strings.ReplaceAll(c.separator, `\t`, "\t") // a shell does not expand \t
	if columns.Separator == "" && filepath.Ext(strings.TrimSuffix(path, ".gz")) == ".csv" {
		columns.Separator = ","
	}
	if columns.Separator == " " {
		columns.Most = 2
	}
	columns.Encoding = c.encoding
	names, err := data.ColumnNames(path, columns)
	if err != nil {
		return columns, err
	}
	if columns.Text, err = c.column(&columns, path, names, "text", c.text); err != nil {
		return columns, err
	}
	columns.Label, err = c.column(&columns, path, names, "label", c.label)
	return columns, err
}

// column returns the number of the column that is given by number or by name.
func (c *format) column(columns *data.Columns, path string, names []string, kind, name string) (int, error) {
	if i := slices.Index(names, name); i >= 0 {
		columns.Header = true
		return i, nil
	}
	i, err := strconv.Atoi(name)
	if err != nil || i < 0 {
		return 0, errors.Errorf("-%s-column is %q, the first line of %s has %q: want one of these, or a number from 0", kind, name, path, names)
	}
	return i, nil
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
