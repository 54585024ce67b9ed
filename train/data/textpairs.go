package data

import (
	"bufio"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// TextPair is a pair of texts to encode.
type TextPair struct {
	Source, Target string
}

// maxLine is the largest length of a line in bytes, so that a file without line ends does not fill the memory.
const maxLine = 16 << 20

// ReadPairs reads a file in the encoding e with a pair per line. The separator is between source and target: "\t", for example, or "_"
// in lines of fixed width. ReadPairs trims white space around both and ignores further fields and empty lines. It unpacks a .gz file.
// A line without the separator is an error that names the line.
func ReadPairs(path, separator string, e textfile.Encoding) (pairs []TextPair, err error) {
	defer func() { err = errors.WithMessage(err, "data: pairs") }()
	if separator == "" {
		return nil, errors.Errorf("%s: the separator is empty", path)
	}
	lines, err := readLines(path, e)
	if err != nil {
		return nil, err
	}
	for i, line := range lines {
		if strings.TrimSpace(line) == "" {
			continue
		}
		source, rest, ok := strings.Cut(line, separator)
		if !ok {
			return nil, errors.Errorf("%s:%d: no separator %q in the line", path, i+1, separator)
		}
		target, _, _ := strings.Cut(rest, separator)
		pairs = append(pairs, TextPair{strings.TrimSpace(source), strings.TrimSpace(target)})
	}
	return pairs, nil
}

// ReadParallel reads two files in the encoding e. The lines of the same number are a pair. It ignores a pair of empty lines and unpacks
// .gz files. It is an error if the files have different numbers of lines.
func ReadParallel(source, target string, e textfile.Encoding) (pairs []TextPair, err error) {
	defer func() { err = errors.WithMessage(err, "data: pairs") }()
	from, err := readLines(source, e)
	if err != nil {
		return nil, err
	}
	to, err := readLines(target, e)
	if err != nil {
		return nil, err
	}
	if len(from) != len(to) {
		return nil, errors.Errorf("%s has %d lines but %s has %d", source, len(from), target, len(to))
	}
	for i := range from {
		if p := (TextPair{strings.TrimSpace(from[i]), strings.TrimSpace(to[i])}); p != (TextPair{}) {
			pairs = append(pairs, p)
		}
	}
	return pairs, nil
}

// EncodePairs encodes both sides of all pairs.
func EncodePairs(text []TextPair, source, target Encoder) (pairs Pairs, err error) {
	defer func() { err = errors.WithMessage(err, "data: pairs") }()
	pairs = make(Pairs, len(text))
	for i, p := range text {
		if pairs[i].Source, err = source.AppendEncode(nil, p.Source); err != nil {
			return nil, errors.WithMessagef(err, "encode source %d", i)
		}
		if pairs[i].Target, err = target.AppendEncode(nil, p.Target); err != nil {
			return nil, errors.WithMessagef(err, "encode target %d", i)
		}
	}
	return pairs, nil
}

func readLines(path string, e textfile.Encoding) ([]string, error) {
	r, err := textfile.Open(path, e)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var lines []string
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	for s.Scan() {
		lines = append(lines, s.Text())
	}
	if err := s.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return nil, errors.Errorf("%s:%d: the line is longer than %d bytes", path, len(lines)+1, maxLine)
		}
		return nil, err
	}
	return lines, nil
}
