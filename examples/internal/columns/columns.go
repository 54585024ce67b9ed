// Package columns declares the flags that describe a file with a text per line, and finds its columns.
package columns

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// Format holds the flags.
type Format struct {
	Separator string
	Header    bool
	Encoding  textfile.Encoding
}

// Flags declares the flags. columns says which columns the file must name.
func (f *Format) Flags(s *flags.Set, columns string) {
	s.StringVar(&f.Separator, "separator", f.Separator, "text between columns; a space is for lines of a label and a text (default: a comma for .csv, else a tab)")
	s.BoolVar(&f.Header, "header", f.Header, "leave out the first line, if "+columns+"; names imply it")
	s.TextVar(&f.Encoding, "encoding", f.Encoding, flags.EncodingHelp)
}

// Column is a column that a flag names.
type Column struct {
	Flag string // without the dash
	Name string // in the header, or a number from 0
}

// Find returns the layout of a file and the numbers of the columns.
func (f Format) Find(path string, columns ...Column) (c data.Columns, numbers []int, err error) {
	c.Header, c.Encoding = f.Header, f.Encoding
	c.Separator = strings.ReplaceAll(f.Separator, `\t`, "\t") // a shell does not expand \t
	if c.Separator == "" && filepath.Ext(strings.TrimSuffix(path, ".gz")) == ".csv" {
		c.Separator = ","
	}
	if c.Separator == " " {
		c.Most = 2
	}
	names, err := data.ColumnNames(path, c)
	if err != nil {
		return c, nil, err
	}
	for _, column := range columns {
		i := slices.Index(names, column.Name)
		if i >= 0 {
			c.Header = true
		} else if i, err = strconv.Atoi(column.Name); err != nil || i < 0 {
			return c, nil, errors.Errorf("-%s is %q, the first line of %s has %q: want one of these, or a number from 0", column.Flag, column.Name, path, names)
		}
		numbers = append(numbers, i)
	}
	return c, numbers, nil
}
