package data

import (
	"bytes"
	"io"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// Documents describes documents in files. Files are read as streams, so memory holds one record, however large the files are.
//
// A record that is no document is bad: it is damaged, not UTF-8, longer than Longest, or without the field. A file that cannot be read
// to its end, such as a cut .gz, counts as one bad record after its last good one. Bad records are skipped and counted, up to MaxBad.
type Documents struct {
	Paths    []string          // files, folders with all files below, or patterns, see textfile.Find; .gz and .zst files are unpacked
	Formats  map[string]Format // by the end of the file's name without .gz and .zst, such as ".jsonl"; "" is for all other files
	Encoding textfile.Encoding // the zero value is UTF-8
	Longest  int               // longest record in bytes; 0 means 128 MiB. Encoding a record takes about ten times its size in memory
	MaxBad   int               // largest number of bad records

	opened func(*textfile.Reader) // called for each file that is opened as text
}

// Format is a way to store documents in a file: PlainText, Lines, JSONL, CSV, TSV, or one of another package, such as parquet.Column.
type Format interface {
	// Records yields the records of a file in order. A Record with an Err may end the sequence.
	Records(path string, d Documents) iter.Seq[Record]
	// Document returns the text of a record. Several goroutines may call it.
	Document(record []byte) (string, error)
}

// Record is a part of a file that holds one document.
type Record struct {
	Line int    // number of its first line, or of its row, from 1
	Data []byte // valid until the next record
	More bool   // the document continues in the next record
	Err  error  // reason why the record is bad, without the name of the file
}

// Document is a document of a file.
type Document struct {
	Path string
	Line int
	Text string
	More bool // the document continues in the next Document, which is possible in a PlainText
}

// All yields the documents of all files, in the order of textfile.Find. Empty documents are left out. An error ends the sequence. One bad
// record too many is an error that names its file and line.
func (d Documents) All() iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		files, err := d.files()
		if err != nil {
			yield(Document{}, errors.WithMessage(err, "data: documents"))
			return
		}
		bad := badRecords{most: d.MaxBad}
		for _, f := range files {
			for doc, err := range d.file(f.Path, &bad) {
				if !yield(doc, errors.WithMessage(err, "data: documents")) || err != nil {
					return
				}
			}
		}
	}
}

// file yields the documents of a file.
func (d Documents) file(path string, bad *badRecords) iter.Seq2[Document, error] {
	return func(yield func(Document, error) bool) {
		format := d.format(path)
		for r := range format.Records(path, d) {
			doc := Document{Path: path, Line: r.Line, More: r.More}
			err := r.Err
			if err == nil {
				doc.Text, err = d.text(path, r.Data)
			}
			if err != nil {
				if err := bad.add(path, r.Line, err); err != nil {
					yield(Document{}, err)
					return
				}
				continue
			}
			if !isEmpty(doc.Text) && !yield(doc, nil) {
				return
			}
		}
	}
}

// text returns the text of a record.
func (d Documents) text(path string, record []byte) (string, error) {
	if n := len(record); n > d.longest() {
		return "", errors.Errorf("a record of %d bytes, want at most %d", n, d.longest())
	}
	return d.format(path).Document(record)
}

// files returns the files of all paths. Every file must have a format.
func (d Documents) files() ([]textfile.File, error) {
	if d.Longest < 0 || d.MaxBad < 0 {
		return nil, errors.Errorf("Longest is %d and MaxBad is %d, want both at least 0", d.Longest, d.MaxBad)
	}
	files, err := textfile.Find(d.Paths...)
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if d.format(f.Path) == nil {
			return nil, errors.Errorf("%s: no format for files whose names end in %q", f.Path, extension(f.Path))
		}
	}
	return files, nil
}

// Used returns the formats of the files, each once.
func (d Documents) Used() (formats []Format, err error) {
	files, err := d.files()
	if err != nil {
		return nil, errors.WithMessage(err, "data: documents")
	}
	for _, f := range files {
		if format := d.format(f.Path); !slices.Contains(formats, format) {
			formats = append(formats, format)
		}
	}
	return formats, nil
}

// format returns the format of a file, or nil.
func (d Documents) format(path string) Format {
	if f, ok := d.Formats[extension(path)]; ok {
		return f
	}
	return d.Formats[""]
}

// extension returns the end of a file's name without .gz and .zst, in lower case.
func extension(path string) string {
	path = strings.ToLower(path)
	return filepath.Ext(strings.TrimSuffix(strings.TrimSuffix(path, ".gz"), ".zst"))
}

func (d Documents) longest() int {
	if d.Longest == 0 {
		return 128 << 20
	}
	return d.Longest
}

// openText opens a file as text in the encoding.
func (d Documents) openText(path string) (*textfile.Reader, error) {
	r, err := textfile.Open(path, d.Encoding)
	if err == nil && d.opened != nil {
		d.opened(r)
	}
	return r, err
}

// open opens a file as a stream of bytes that should be UTF-8 without a byte order mark. Document checks them.
func (d Documents) open(path string) (io.Reader, func() error, error) {
	if d.Encoding != (textfile.Encoding{}) {
		r, err := d.openText(path)
		if err != nil {
			return nil, nil, err
		}
		return r, r.Close, nil
	}
	r, err := textfile.Unpack(path)
	if err != nil {
		return nil, nil, err
	}
	if d.opened != nil {
		d.opened(r)
	}
	head := make([]byte, 3)
	n, err := io.ReadFull(r, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		r.Close()
		return nil, nil, err
	}
	return io.MultiReader(bytes.NewReader(bytes.TrimPrefix(head[:n], []byte("\ufeff"))), r), r.Close, nil
}

// badRecords counts bad records.
type badRecords struct{ n, most int }

// add counts a bad record. It returns an error if there are too many.
func (b *badRecords) add(path string, line int, reason error) error {
	if b.n++; b.n <= b.most {
		return nil
	}
	if b.most == 0 {
		return errors.New(describeBad(path, line, reason))
	}
	return errors.Errorf("%d bad records, want at most %d: the last is %s", b.n, b.most, describeBad(path, line, reason))
}

// describeBad returns the place and the reason of a bad record in one line.
func describeBad(path string, line int, reason error) string {
	text := strings.TrimPrefix(reason.Error(), path+": ")
	if line == 0 {
		return path + ": " + text
	}
	return errors.Errorf("%s:%d: %s", path, line, text).Error()
}

// isEmpty reports whether a document holds only white space.
func isEmpty(text string) bool { return strings.TrimSpace(text) == "" }

// checkUTF8 returns an error that names the first invalid byte of a record.
func checkUTF8(b []byte) error {
	if utf8.Valid(b) {
		return nil
	}
	at := 0
	for {
		r, n := utf8.DecodeRune(b[at:])
		if r == utf8.RuneError && n == 1 {
			return errors.Errorf("byte 0x%02x at offset %d of the record is not UTF-8", b[at], at)
		}
		at += n
	}
}
