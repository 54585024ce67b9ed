package tokenize

import (
	"iter"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// Lines yields the lines of UTF-8 files, each with its "\n", in the order of paths. A path is a file, a folder or a pattern
// (see textfile.Find). Files named .gz are decompressed. An error, such as a byte that is not UTF-8, ends the sequence.
func Lines(paths ...string) iter.Seq2[string, error] {
	return readErrors(textfile.Set{Paths: paths}.Lines())
}

// Documents yields the contents of UTF-8 files, one string per file. The paths are those of Lines.
func Documents(paths ...string) iter.Seq2[string, error] {
	return readErrors(textfile.Set{Paths: paths}.Documents())
}

func readErrors(seq iter.Seq2[string, error]) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		for text, err := range seq {
			if !yield(text, errors.WithMessage(err, "tokenize: read")) {
				return
			}
		}
	}
}
