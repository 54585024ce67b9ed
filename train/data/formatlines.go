package data

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// Lines is a Format in which every line is a document.
type Lines struct{}

// Records implements Format.
func (Lines) Records(path string, d Documents) iter.Seq[Record] { return d.lines(path) }

// Document implements Format.
func (Lines) Document(record []byte) (string, error) { return string(record), checkUTF8(record) }

// JSONL is a Format in which every line is a JSON object (JSON Lines, NDJSON). The document is the string of a field.
type JSONL struct {
	Field string // "" means "text"
}

// Records implements Format.
func (JSONL) Records(path string, d Documents) iter.Seq[Record] { return d.lines(path) }

// Document implements Format.
func (j JSONL) Document(record []byte) (text string, err error) {
	if err := checkUTF8(record); err != nil { // encoding/json replaces invalid bytes
		return "", err
	}
	if record = bytes.TrimLeft(record, " \t\r"); record[0] != '{' {
		return "", errors.Errorf("it begins with %q, want a JSON object", record[:1])
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(record, &object); err != nil {
		return "", errors.Wrap(err, "not JSON")
	}
	field := cmp.Or(j.Field, "text")
	value, ok := object[field]
	if !ok {
		return "", errors.Errorf("no field %q, only %s", field, some(slices.Sorted(maps.Keys(object))))
	}
	if value[0] != '"' {
		return "", errors.Errorf("field %q is %s, want a string", field, jsonKind(value[0]))
	}
	return text, errors.WithStack(json.Unmarshal(value, &text))
}

// jsonKind names a JSON value by its first byte.
func jsonKind(first byte) string {
	switch first {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case 'n':
		return "null"
	case 't', 'f':
		return "a boolean"
	}
	return "a number"
}

// some lists the first names of a list, quoted.
func some(names []string) string {
	const most = 8
	list := make([]string, 0, most+1)
	for _, name := range names {
		if len(list) == most {
			list = append(list, "…")
			break
		}
		list = append(list, shortened(name))
	}
	return strings.Join(list, ", ")
}

// shortened quotes the first characters of a name.
func shortened(name string) string {
	if r := []rune(name); len(r) > 40 {
		name = string(r[:40]) + "…"
	}
	return `"` + name + `"`
}

// lines yields the lines of a file that are not blank, without their ends.
func (d Documents) lines(path string) iter.Seq[Record] {
	return func(yield func(Record) bool) {
		r, close, err := d.open(path)
		if err != nil {
			yield(Record{Err: err})
			return
		}
		defer close()
		l := lineReader{in: bufio.NewReaderSize(r, 1<<18), longest: d.longest()}
		for {
			line, err := l.next()
			if err == io.EOF {
				return
			}
			if err != nil {
				if !yield(Record{Line: l.line, Err: err}) || !l.skipped {
					return
				}
				continue
			}
			if len(bytes.TrimSpace(line)) > 0 && !yield(Record{Line: l.line, Data: line}) {
				return
			}
		}
	}
}

// lineReader reads lines of bounded length.
type lineReader struct {
	in      *bufio.Reader
	longest int
	line    int  // number of the last line
	skipped bool // the last line was too long, and reading continues after it
	long    []byte
}

// next returns the next line without its end, valid until the next call, and io.EOF after the last.
func (l *lineReader) next() ([]byte, error) {
	l.line++
	l.skipped = false
	l.long = l.long[:0]
	n := 0
	for {
		part, err := l.in.ReadSlice('\n')
		n += len(part)
		if err == nil && n == len(part) { // the usual line, without a copy
			return l.fits(part, n)
		}
		if n <= l.longest+2 {
			l.long = append(l.long, part...)
		}
		switch {
		case err == nil, err == io.EOF && n > 0:
			return l.fits(l.long, n)
		case err != bufio.ErrBufferFull:
			return nil, err
		}
	}
}

// fits removes the end of a line of n bytes. A line that is too long is an error.
func (l *lineReader) fits(line []byte, n int) ([]byte, error) {
	if n <= l.longest+2 {
		if line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")); len(line) <= l.longest {
			return line, nil
		}
	}
	l.skipped = true
	l.long = nil
	return nil, errors.Errorf("a record of %d bytes, want at most %d", n, l.longest)
}
