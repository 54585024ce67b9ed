// Package parquet reads documents from Parquet files for package data. It is a package of its own, so that package data does not depend
// on a reader of Parquet.
package parquet

import (
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/parquet-go/parquet-go"
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/data"
)

// Column is a data.Format of Parquet files. The document is the value of a column of strings or bytes, which is valid UTF-8. A null is a
// bad record. Memory holds one page of the column, and its dictionary.
type Column struct {
	Name string // "" means "text"; a dot goes into a group, as in meta.text
}

// Document implements data.Format.
func (Column) Document(record []byte) (string, error) {
	if !utf8.Valid(record) {
		return "", errors.New("the value is not UTF-8")
	}
	return string(record), nil
}

// Records implements data.Format. The Line of a record is its row, from 1.
func (c Column) Records(path string, d data.Documents) iter.Seq[data.Record] {
	return func(yield func(data.Record) bool) {
		r := reader{yield: yield}
		if err := r.read(path, c.Name); err != nil && !r.done {
			yield(data.Record{Line: r.row, Err: err})
		}
	}
}

// reader yields the records of a file.
type reader struct {
	yield  func(data.Record) bool
	row    int  // number of the last row
	done   bool // the caller wants no more
	values [64]parquet.Value
}

// read yields all records. The library panics on some damaged files, which are errors here.
func (r *reader) read(path, name string) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return errors.WithStack(err)
	}
	defer f.Close()
	yield, inside := r.yield, false
	r.yield = func(record data.Record) bool {
		inside = true
		more := yield(record)
		inside = false
		return more
	}
	defer func() {
		if p := recover(); p != nil {
			if inside {
				panic(p) // of the caller
			}
			err = errors.Errorf("the Parquet file is damaged: %v", p)
		}
	}()
	return r.groups(f, name)
}

// groups yields the records of all row groups.
func (r *reader) groups(f *os.File, name string) error {
	info, err := f.Stat()
	if err != nil {
		return errors.WithStack(err)
	}
	file, err := parquet.OpenFile(f, info.Size(), parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return errors.Wrap(err, "no Parquet file, or a damaged one")
	}
	index, err := find(file, name)
	if err != nil {
		return err
	}
	for _, group := range file.RowGroups() {
		if err := r.chunk(group.ColumnChunks()[index]); err != nil || r.done {
			return err
		}
	}
	if n := file.NumRows(); int64(r.row) != n {
		return errors.Errorf("%d rows, the header says %d: the file is damaged", r.row, n)
	}
	return nil
}

// chunk yields the values of a column in a row group.
func (r *reader) chunk(c parquet.ColumnChunk) error {
	pages := c.Pages()
	defer pages.Close()
	for {
		page, err := pages.ReadPage()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errors.Wrap(err, "read a page")
		}
		err = r.page(page)
		parquet.Release(page)
		if err != nil || r.done {
			return err
		}
	}
}

// page yields the values of a page.
func (r *reader) page(p parquet.Page) error {
	values := p.Values()
	for {
		n, err := values.ReadValues(r.values[:])
		for _, v := range r.values[:n] {
			r.row++
			record := data.Record{Line: r.row}
			if v.IsNull() {
				record.Err = errors.New("the value is null, want a string")
			} else {
				record.Data = v.ByteArray()
			}
			if !r.yield(record) {
				r.done = true
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return errors.Wrap(err, "read a value")
		}
		if n == 0 {
			return errors.New("a page ends early: the file is damaged")
		}
	}
}

// find returns the index of the column, which must hold one string for each row.
func find(file *parquet.File, name string) (int, error) {
	if name == "" {
		name = "text"
	}
	path := strings.Split(name, ".")
	leaf, ok := file.Schema().Lookup(path...)
	if !ok {
		return 0, missing(file.Schema(), name, path)
	}
	kinds := []parquet.Kind{parquet.ByteArray, parquet.FixedLenByteArray}
	if !slices.Contains(kinds, leaf.Node.Type().Kind()) {
		return 0, errors.Errorf("column %q has type %v, want a string", name, leaf.Node.Type())
	}
	if leaf.MaxRepetitionLevel > 0 {
		return 0, errors.Errorf("column %q holds a list in each row, want one string", name)
	}
	return leaf.ColumnIndex, nil
}

// missing returns the error for a name that is no column of values.
func missing(schema *parquet.Schema, name string, path []string) error {
	var inside []string
	lists := true // all columns inside are in lists
	for _, column := range schema.Columns() {
		if len(column) > len(path) && slices.Equal(column[:len(path)], path) {
			inside = append(inside, strings.Join(column, "."))
			leaf, _ := schema.Lookup(column...)
			lists = lists && leaf.MaxRepetitionLevel > 0
		}
	}
	switch {
	case inside == nil:
		var all []string
		for _, column := range schema.Columns() {
			all = append(all, strings.Join(column, "."))
		}
		return errors.Errorf("no column %q, only %s", name, quoted(all))
	case lists:
		return errors.Errorf("column %q holds a list in each row, want one string", name)
	}
	return errors.Errorf("column %q is a group: name one of %s", name, quoted(inside))
}

// quoted lists the first names.
func quoted(names []string) string {
	const most = 8
	list := make([]string, 0, most+1)
	for _, name := range names[:min(len(names), most)] {
		list = append(list, fmt.Sprintf("%q", name))
	}
	if len(names) > most {
		list = append(list, "…")
	}
	return strings.Join(list, ", ")
}
