package report

import (
	"bufio"
	"io"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/internal/textline"
)

// row is a line of a log.
type row struct {
	line   int      // from 1, the header
	end    int64    // offset of the next line
	names  []string // of the columns
	step   int
	fields []string
}

// score returns the name of the score, "" if the log has none.
func (r row) score() string {
	if len(r.names) > columns {
		return r.names[columns]
	}
	return ""
}

// scan calls f with every complete line until f returns false. An empty file has no lines.
func scan(file io.Reader, f func(row) bool) error {
	b := bufio.NewReader(file)
	r := row{}
	for {
		line, length, err := textline.Next(b)
		text := string(line)
		if err == io.EOF && (r.line > 0 || strings.HasPrefix(header, text) || isHeader(text)) {
			return nil // a killed run leaves an incomplete last line
		}
		if err != nil && err != io.EOF {
			return errors.WithStack(err)
		}
		r.line, r.end = r.line+1, r.end+length
		text = strings.TrimRight(text, "\r\n")
		if r.line == 1 && !isHeader(text) {
			return errors.Errorf("it begins with %.80q, want %q: this is no log: move it away, or choose another name", text, header)
		}
		if err := textline.Check(length); err != nil {
			return errors.WithMessagef(err, "line %d", r.line)
		}
		if err := r.parse(text); err != nil {
			return errors.WithMessagef(err, "line %d", r.line)
		}
		if !f(r) {
			return nil
		}
	}
}

// isHeader reports whether a line is the header of a log, with or without a score.
func isHeader(text string) bool {
	score, ok := strings.CutPrefix(text, header)
	return ok && (score == "" || score[0] == ',' && strings.Count(score, ",") == 1)
}

// parse reads the columns of a line. The header names them.
func (r *row) parse(text string) (err error) {
	r.fields = strings.Split(text, ",")
	if r.line == 1 {
		r.names = r.fields
		return nil
	}
	if len(r.fields) != len(r.names) {
		return errors.Errorf("%d columns, want %d", len(r.fields), len(r.names))
	}
	if r.step, err = strconv.Atoi(r.fields[0]); err != nil {
		return errors.Errorf("step %q is no whole number", r.fields[0])
	}
	for i, name := range r.names {
		if _, err := strconv.ParseFloat(r.fields[i], 64); err != nil && r.fields[i] != "" {
			return errors.Errorf("%s %q is no number", name, r.fields[i])
		}
	}
	return nil
}
