package main

import (
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/pkg/errors"
	"github.com/rivo/uniseg"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// text holds the nonempty lines of a text, without line ends.
type text struct {
	name, paths    string
	learning, held []string
}

func (t *text) String() string {
	return fmt.Sprintf("%s: %s bytes to learn from, %s bytes in %s words held out", t.paths, number(size(t.learning)), number(size(t.held)), number(words(t.held)))
}

// all yields the training lines.
func (t *text) all() iter.Seq[string] { return slices.Values(t.learning) }

// read reads a text and holds out its last lines.
func (o *options) read(paths string) (*text, error) {
	var lines []string
	n := 0
	for line, err := range (textfile.Set{Paths: split(paths), Encoding: o.encoding}).Lines() {
		if err != nil {
			return nil, err
		}
		n++
		if line, err = o.field(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, errors.WithMessagef(err, "%s: line %d", paths, n)
		}
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	learn, cut := float64(size(lines))*(1-o.heldOut), 0
	for sum := 0; cut < len(lines)-1 && float64(sum) < learn; cut++ {
		sum += len(lines[cut])
	}
	if cut == 0 {
		return nil, errors.Errorf("%s: %d lines with text: too few to hold some out", paths, len(lines))
	}
	return &text{textName(paths), paths, lines[:cut], lines[cut:]}, nil
}

// field returns the text of a line: -column, or all of it.
func (o *options) field(line string) (string, error) {
	if o.column == 0 || !strings.Contains(line, "\t") {
		return line, nil
	}
	fields := strings.Split(line, "\t")
	if len(fields) < o.column {
		return "", errors.Errorf("%d fields, -column is %d", len(fields), o.column)
	}
	return fields[o.column-1], nil
}

// textName returns a name for a text and its plot, from the first path.
func textName(paths string) string {
	name := strings.TrimSuffix(filepath.Base(split(paths)[0]), ".gz")
	name = strings.TrimSuffix(name, filepath.Ext(name))
	name = strings.Trim(strings.Map(func(r rune) rune {
		if strings.ContainsRune(`*?[]\/.`, r) {
			return '-'
		}
		return r
	}, name), "-")
	if name == "" {
		return "text"
	}
	return name
}

func size(lines []string) (n int) {
	for _, line := range lines {
		n += len(line)
	}
	return n
}

// words returns the number of words. A word is text between spaces.
func words(lines []string) (n int) {
	for _, line := range lines {
		n += len(strings.Fields(line))
	}
	return n
}

// sample returns the sentence to print: -sentence, or the first held-out sentence with one or two words that training has not seen.
func (o *options) sample(t *text, rows []row) string {
	if o.sentence != "" {
		return o.sentence
	}
	var known *row
	for i := range rows {
		if rows[i].kind == wordsKind {
			known = &rows[i]
		}
	}
	for _, line := range t.held {
		for sentence := range sentences(line) {
			width, first := uniseg.StringWidth(sentence), []rune(sentence)[0]
			if width < 30 || width > 66 || unicode.IsLower(first) {
				continue
			}
			if c, err := count(known.tok, []string{sentence}); err == nil && (c.unknown == 1 || c.unknown == 2) {
				return sentence
			}
		}
	}
	return strings.TrimSpace(string([]rune(t.held[0])[:min(66, len([]rune(t.held[0])))]))
}

// sentences yields the sentences of a line. A sentence ends after ". ", "? " or "! ".
func sentences(line string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for line = strings.TrimSpace(line); line != ""; {
			end := len(line)
			for _, mark := range []string{". ", "? ", "! "} {
				if i := strings.Index(line, mark); i >= 0 {
					end = min(end, i+len(mark))
				}
			}
			if !yield(strings.TrimSpace(line[:end])) {
				return
			}
			line = strings.TrimSpace(line[end:])
		}
	}
}
