package tokenize

import (
	"bufio"
	"compress/gzip"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
)

// Lines yields the lines of files, each with its "\n", in the order of paths. A path is a file, a pattern of
// path/filepath.Match, or a folder: all files below it in order of name, but those that begin with a dot. What ends in .gz
// is unpacked. After an error nothing more comes.
func Lines(paths ...string) iter.Seq2[string, error] {
	return readFiles(paths, func(r io.Reader, yield func(string, error) bool) error {
		in := bufio.NewReaderSize(r, 1<<16)
		for {
			line, err := in.ReadString('\n')
			if line != "" && (err == nil || err == io.EOF) && !yield(line, nil) {
				return errStop
			}
			if err != nil {
				return ignoreEOF(err)
			}
		}
	})
}

// Documents yields the contents of files, one string each. The paths are those of Lines.
func Documents(paths ...string) iter.Seq2[string, error] {
	return readFiles(paths, func(r io.Reader, yield func(string, error) bool) error {
		data, err := io.ReadAll(r)
		if err == nil && !yield(string(data), nil) {
			return errStop
		}
		return err
	})
}

// errStop says that the reader of the sequence has had enough.
var errStop = errors.New("stop")

func ignoreEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

func readFiles(paths []string, read func(io.Reader, func(string, error) bool) error) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		files, err := expand(paths)
		if err != nil {
			yield("", err)
			return
		}
		for _, path := range files {
			switch err := readFile(path, func(r io.Reader) error { return read(r, yield) }); err {
			case nil:
			case errStop:
				return
			default:
				yield("", errors.Wrapf(err, "tokenize: read %s", path))
				return
			}
		}
	}
}

func readFile(path string, read func(io.Reader) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if !strings.HasSuffix(path, ".gz") {
		return read(f)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		return err
	}
	return read(z)
}

// expand returns the files that paths mean.
func expand(paths []string) ([]string, error) {
	var files []string
	for _, path := range paths {
		found := []string{path}
		if !exists(path) {
			var err error
			if found, err = filepath.Glob(path); err != nil {
				return nil, errors.Wrapf(err, "tokenize: read %s", path)
			}
			if len(found) == 0 {
				return nil, errors.Errorf("tokenize: read %s: no such file", path)
			}
		}
		for _, f := range found {
			below, err := walk(f)
			if err != nil {
				return nil, errors.Wrapf(err, "tokenize: read %s", path)
			}
			files = append(files, below...)
		}
	}
	if len(files) == 0 {
		return nil, errors.Errorf("tokenize: read %s: no files", strings.Join(paths, ", "))
	}
	return files, nil
}

// walk returns path itself, or the files below it.
func walk(path string) (files []string, err error) {
	err = filepath.WalkDir(path, func(p string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p != path && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
		case !d.IsDir():
			files = append(files, p)
		}
		return nil
	})
	return files, err
}

// trainFiles trains on the lines of files. An error of reading comes before one of training.
func trainFiles(paths []string, train func(iter.Seq[string]) (*Tokenizer, error)) (*Tokenizer, error) {
	if _, err := expand(paths); err != nil {
		return nil, err // before there is anything to train on
	}
	var failed error
	t, err := train(func(yield func(string) bool) {
		for line, err := range Lines(paths...) {
			if err != nil {
				failed = err
				return
			}
			if !yield(line) {
				return
			}
		}
	})
	if failed != nil {
		return nil, failed
	}
	return t, err
}
