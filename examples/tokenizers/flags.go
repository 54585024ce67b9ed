package main

import (
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
)

// options holds the flags.
type options struct {
	data       texts
	tokenizers texts
	sizes      sizes
	out        string
	sentence   string
	column     int
	heldOut    float64
	encoding   textfile.Encoding
	omit       bool
}

func defaults() *options {
	return &options{sizes: sizes{500, 2000, 8000, 32000}, out: "out/tokenizers", heldOut: 0.1}
}

func (o *options) flags(f *flags.Set) {
	f.Group("Data")
	f.Var(&o.data, "data", "`path` of the text to cut: a file, a folder or a glob, .gz too; comma-separated paths are one text; "+
		"repeat the flag for another text (default: Newton's Opticks of the Go distribution)")
	f.TextVar(&o.encoding, "encoding", o.encoding, flags.EncodingHelp)
	f.IntVar(&o.column, "column", o.column, "field with the text in tab-separated lines, from 1; 0 takes whole lines")
	f.Float64Var(&o.heldOut, "held-out", o.heldOut, "fraction of each text, from its end, held out of training and cut")
	f.Group("Tokenizers")
	f.Var(&o.sizes, "sizes", "comma-separated vocabulary `sizes` of words and subwords")
	f.Var(&o.tokenizers, "tokenizer", "`path` of a published tokenizer to compare: a tokenizer.json, "+
		"a vocab.json with its merges.txt, a .model, a .tiktoken, or a folder with one of them; for more, repeat the flag or use commas")
	vocabulary.OmitFlag(f, &o.omit)
	f.Group("Output")
	f.StringVar(&o.sentence, "sentence", o.sentence, "sentence to print as tokens (default: a held-out sentence with a new word)")
	f.StringVar(&o.out, "out", o.out, "`folder` of the plots")
}

func (o *options) check() error {
	switch {
	case !(o.heldOut > 0 && o.heldOut < 1):
		return errors.Errorf("-held-out is %g, want more than 0 and less than 1", o.heldOut)
	case o.column < 0:
		return errors.Errorf("-column is %d, want at least 0", o.column)
	}
	return nil
}

// texts is a flag that can be repeated.
type texts []string

// String implements flag.Value.
func (t *texts) String() string { return strings.Join(*t, " ") }

// Set implements flag.Value.
func (t *texts) Set(s string) error {
	if strings.Trim(s, ", ") == "" {
		return errors.New("it names nothing")
	}
	*t = append(*t, s)
	return nil
}

// split returns the parts of s between commas.
func split(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}

// sizes is a flag of comma-separated numbers.
type sizes []int

// String implements flag.Value.
func (s *sizes) String() string {
	var list []string
	for _, n := range *s {
		list = append(list, strconv.Itoa(n))
	}
	return strings.Join(list, ",")
}

// Set implements flag.Value. It sorts the sizes and removes duplicates.
func (s *sizes) Set(list string) error {
	*s = nil
	for _, field := range split(list) {
		n, err := strconv.Atoi(strings.TrimSpace(field))
		if err != nil || n < leastSize {
			return errors.Errorf("%q is not a vocabulary size, want a number of at least %d", field, leastSize)
		}
		*s = append(*s, n)
	}
	if len(*s) == 0 {
		return errors.New("it names no size")
	}
	slices.Sort(*s)
	*s = slices.Compact(*s)
	return nil
}
