package data

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"io"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// CSV is a Format of records with columns, of which one is the document. Values may be in quotes and then span lines (RFC 4180).
type CSV struct {
	Column string // name in the first line, or number from 0 if the file has no such line; "" means "text"
}

// TSV is a Format of lines with columns between tabs, of which one is the document. It has no quotes.
type TSV struct {
	Column string // as in CSV
}

// Document implements Format.
func (CSV) Document(record []byte) (string, error) { return string(record), checkUTF8(record) }

// Document implements Format.
func (TSV) Document(record []byte) (string, error) { return string(record), checkUTF8(record) }

// Records implements Format.
func (f CSV) Records(path string, d Documents) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		r, close, err := d.open(path)
		if err != nil {
			yield(Record{Err: err})
			return
		}
		defer close()
		in := &bounded{r: r, longest: d.longest()}
		c := csv.NewReader(in)
		c.FieldsPerRecord, c.ReuseRecord = -1, true
		column := column{name: f.Column, separator: ","}
		for {
			in.read = 0
			fields, err := c.Read()
			if err == io.EOF {
				return
			}
			record := Record{Err: err}
			if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
				record.Line, record.Err = parse.StartLine, errors.Errorf("column %d: %v", parse.Column, parse.Err)
			} else if err == nil {
				record.Line, _ = c.FieldPos(0)
				record = column.of(record, fields)
			}
			if !column.yield(record, yield) || err != nil && record.Line == 0 {
				return
			}
		}
	}
}

// Records implements Format.
func (f TSV) Records(path string, d Documents) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		column := column{name: f.Column, separator: "\t"}
		for r := range d.lines(path) {
			if r.Err == nil {
				r = column.of(r, strings.Split(string(r.Data), "\t"))
			}
			if !column.yield(r, yield) {
				return
			}
		}
	}
}

// column finds a column.
type column struct {
	name, separator string
	index           int
	known           bool // index is valid
	header, absent  bool // the last record was the header; it has no such column
}

// of returns the record of a line with its document, or with the reason why it has none.
func (c *column) of(r Record, fields []string) Record {
	if c.header = false; !c.known {
		c.known = true
		name := cmp.Or(c.name, "text")
		c.index = slices.Index(fields, name)
		if n, err := strconv.Atoi(name); err == nil && n >= 0 && c.index < 0 {
			c.index = n
		} else if c.header = c.index >= 0; !c.header {
			c.absent, r.Data = true, nil
			r.Err = errors.Errorf("no column %q, only %s", name, some(fields))
			return r
		}
	}
	if c.header {
		return r
	}
	if len(fields) <= c.index {
		r.Data, r.Err = nil, errors.Errorf("%d columns, want at least %d: is the separator %q?", len(fields), c.index+1, c.separator)
		return r
	}
	r.Data = bytes.Clone([]byte(fields[c.index]))
	return r
}

// yield yields a record, unless it is the header. It reports whether to continue: not without the column.
func (c *column) yield(r Record, yield func(Record) bool) bool {
	if c.header {
		c.header = false
		return true
	}
	return yield(r) && !c.absent
}

// bounded returns an error when a record needs more than about longest bytes, as after a quote that never ends.
type bounded struct {
	r             io.Reader
	read, longest int
}

// Read implements io.Reader.
func (b *bounded) Read(p []byte) (int, error) {
	if b.read > b.longest {
		return 0, errors.Errorf("a record of more than %d bytes, want at most %d: a quote may not end", b.read, b.longest)
	}
	n, err := b.r.Read(p)
	b.read += n
	return n, err
}
