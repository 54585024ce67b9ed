package data

import (
	"encoding/csv"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// LabelledText is a labelled text to encode.
type LabelledText struct {
	Text, Label string
}

// Columns describes the columns of a file of labelled texts. Columns count from 0.
type Columns struct {
	Separator   string // separator of the columns; "" means a tab. "," reads CSV with quotes (RFC 4180)
	Most        int    // largest number of columns of a line: the last column has the rest of the line; 0 means no limit. CSV ignores it
	Header      bool   // the first line names the columns and is no row
	Text, Label int
	Encoding    textfile.Encoding // the zero value is UTF-8
}

// ReadLabelled reads a file with a labelled text per line. For example, Columns{Header: true, Label: 1} reads train.tsv of SST-2. It
// trims white space around text and label, ignores empty lines and unpacks a .gz file. A line with too few columns or an empty label
// is an error that names the line.
func ReadLabelled(path string, c Columns) (rows []LabelledText, err error) {
	defer func() { err = errors.WithMessage(err, "data: rows") }()
	if c.Most < 0 {
		return nil, errors.Errorf("%s: at most %d columns, want at least 1, or 0 for no limit", path, c.Most)
	}
	if c.Text < 0 || c.Label < 0 || c.Text == c.Label {
		return nil, errors.Errorf("%s: text in column %d and label in column %d, want two different columns from 0 on", path, c.Text, c.Label)
	}
	records, lines, err := c.read(path)
	if err != nil {
		return nil, err
	}
	rows = make([]LabelledText, 0, len(records))
	for i, fields := range records {
		if i == 0 && c.Header {
			continue
		}
		if need := max(c.Text, c.Label) + 1; len(fields) < need {
			return nil, errors.Errorf("%s:%d: %d columns, want at least %d: is the separator %q?", path, lines[i], len(fields), need, c.separator())
		}
		row := LabelledText{strings.TrimSpace(fields[c.Text]), strings.TrimSpace(fields[c.Label])}
		if row.Label == "" {
			return nil, errors.Errorf("%s:%d: the label in column %d is empty", path, lines[i], c.Label)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// ReadColumn reads the texts of column c.Text of a file, as ReadLabelled does, without labels. It ignores c.Label.
func ReadColumn(path string, c Columns) (texts []string, err error) {
	defer func() { err = errors.WithMessage(err, "data: column") }()
	if c.Most < 0 || c.Text < 0 {
		return nil, errors.Errorf("%s: column %d of at most %d, want numbers from 0", path, c.Text, c.Most)
	}
	records, lines, err := c.read(path)
	if err != nil {
		return nil, err
	}
	for i, fields := range records {
		if i == 0 && c.Header {
			continue
		}
		if len(fields) <= c.Text {
			return nil, errors.Errorf("%s:%d: %d columns, want at least %d: is the separator %q?", path, lines[i], len(fields), c.Text+1, c.separator())
		}
		texts = append(texts, strings.TrimSpace(fields[c.Text]))
	}
	return texts, nil
}

// ColumnNames returns the columns of the first line of a file for ReadLabelled. If the file has a header, they are the names.
func ColumnNames(path string, c Columns) (names []string, err error) {
	defer func() { err = errors.WithMessage(err, "data: rows") }()
	records, _, err := c.read(path)
	if err != nil {
		return nil, err
	}
	if len(records) == 0 {
		return nil, errors.Errorf("%s is empty", path)
	}
	names = records[0]
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names, nil
}

func (c Columns) separator() string {
	if c.Separator == "" {
		return "\t"
	}
	return c.Separator
}

// read returns the columns and the number of each line that is not empty.
func (c Columns) read(path string) (records [][]string, numbers []int, err error) {
	if c.separator() == "," {
		return readCSV(path, c.Encoding)
	}
	lines, err := readLines(path, c.Encoding)
	if err != nil {
		return nil, nil, err
	}
	most := c.Most
	if most == 0 {
		most = -1
	}
	for i, line := range lines {
		if strings.TrimSpace(line) != "" {
			records, numbers = append(records, strings.SplitN(line, c.separator(), most)), append(numbers, i+1)
		}
	}
	return records, numbers, nil
}

func readCSV(path string, e textfile.Encoding) (records [][]string, numbers []int, err error) {
	file, err := textfile.Open(path, e)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord = -1
	for {
		fields, err := r.Read()
		if err == io.EOF {
			return records, numbers, nil
		}
		if err != nil {
			var at *csv.ParseError
			if errors.As(err, &at) {
				err = errors.Wrap(err, path)
			}
			return nil, nil, err
		}
		line, _ := r.FieldPos(0)
		records, numbers = append(records, fields), append(numbers, line)
	}
}

// Labels returns the distinct labels of rows, sorted. The index of a label is its class in EncodeRows.
func Labels(rows []LabelledText) []string {
	seen := map[string]bool{}
	for _, r := range rows {
		seen[r.Label] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// EncodeRows encodes all texts. A label that is not among labels is an error.
func EncodeRows(text []LabelledText, e Encoder, labels []string) (rows Rows, err error) {
	defer func() { err = errors.WithMessage(err, "data: rows") }()
	rows = make(Rows, len(text))
	for i, t := range text {
		class := slices.Index(labels, t.Label)
		if class < 0 {
			return nil, errors.Errorf("row %d has label %q, want one of %q", i, t.Label, labels)
		}
		ids, err := e.AppendEncode(nil, t.Text)
		if err != nil {
			return nil, errors.WithMessagef(err, "encode row %d", i)
		}
		rows[i] = Row{ids, int32(class)}
	}
	return rows, nil
}
