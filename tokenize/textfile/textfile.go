// Package textfile finds and reads text files. It is the only reader of text in the project. Tokenizers, corpora, pairs and rows all
// read text with it, so that they agree on the files of a path and on the definition of text.
//
//   - A path is a file, a folder with all files below it, or a pattern of path/filepath.Match. See Find.
//   - A file whose name ends in .gz or .zst is unpacked.
//   - Text is UTF-8 unless an Encoding is given. A byte order mark at the start of a file is removed. It overrides UTF-8; a mark
//     that contradicts any other encoding is an error.
//   - An invalid byte is an error that names the file and the offset, counted from 0 in the unpacked file.
//
// The package imports no other package of the module. Errors begin with the name of the file.
package textfile

import (
	"bufio"
	"io"
	"iter"
	"strings"

	"github.com/pkg/errors"
)

// Set is a set of files and the encoding of their text.
type Set struct {
	Paths    []string // see Find
	Encoding Encoding // the zero value is UTF-8
}

// Lines yields the lines of all files, each with its "\n", in the order of Find. An error ends the sequence.
func (s Set) Lines() iter.Seq2[string, error] {
	return s.read(func(r io.Reader, yield func(string, error) bool) error {
		in := bufio.NewReaderSize(r, 1<<16)
		for {
			line, err := in.ReadString('\n')
			if line != "" && (err == nil || err == io.EOF) && !yield(line, nil) {
				return errStop
			}
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
		}
	})
}

// Documents yields the contents of all files, one string each, in the order of Find. An error ends the sequence.
func (s Set) Documents() iter.Seq2[string, error] {
	return s.read(func(r io.Reader, yield func(string, error) bool) error {
		var b strings.Builder
		if _, err := io.Copy(&b, r); err != nil {
			return err
		}
		if !yield(b.String(), nil) {
			return errStop
		}
		return nil
	})
}

// errStop means that the caller has stopped the iteration.
var errStop = errors.New("stop")

func (s Set) read(read func(io.Reader, func(string, error) bool) error) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		files, err := Find(s.Paths...)
		if err != nil {
			yield("", err)
			return
		}
		for _, f := range files {
			err := s.readFile(f.Path, func(r io.Reader) error { return read(r, yield) })
			if err == errStop {
				return
			}
			if err != nil {
				yield("", err)
				return
			}
		}
	}
}

func (s Set) readFile(path string, read func(io.Reader) error) error {
	r, err := Open(path, s.Encoding)
	if err != nil {
		return err
	}
	defer r.Close()
	return read(r)
}
