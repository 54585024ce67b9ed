package main

import (
	"cmp"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/dates"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// dataset holds the flags of the pairs, which train and eval share.
type dataset struct {
	file, separator, source, target string
	prefix                          string
	encoding                        textfile.Encoding
	heldOut                         float64
}

// flags declares the flags. The text otherwise describes the default pairs.
func (d *dataset) flags(f *flags.Set, otherwise string) {
	f.Group("Data")
	f.StringVar(&d.file, "data", "", "`file` of pairs of texts, one pair per line, .gz too (default: "+otherwise+")")
	f.StringVar(&d.separator, "separator", "\t", "text between source and target in -data (default a tab)")
	f.StringVar(&d.source, "source", "", "`file` of sources, one per line; with -target, instead of -data")
	f.StringVar(&d.target, "target", "", "`file` of targets, one per line")
	prefixFlag(f, &d.prefix)
	f.TextVar(&d.encoding, "encoding", d.encoding, flags.EncodingHelp)
	f.Float64Var(&d.heldOut, "held-out", 0.1, "fraction of the pairs, from their end, held out of training and scored by eval; 1 scores all")
}

// prefixFlag declares -prefix.
func prefixFlag(f *flags.Set, p *string) {
	f.StringVar(p, "prefix", "", "text to put before every source, such as \"translate English to German: \" for a T5")
}

// check returns an error for the first invalid flag.
func (d *dataset) check() error {
	if !(d.heldOut > 0 && d.heldOut <= 1) {
		return errors.Errorf("-held-out is %g, want more than 0 and at most 1", d.heldOut)
	}
	if d.file != "" && d.source+d.target != "" || (d.source == "") != (d.target == "") {
		return errors.Errorf("-data %q, -source %q, -target %q: give -data alone, or -source and -target", d.file, d.source, d.target)
	}
	return flags.First(flags.File("data", d.file), flags.File("source", d.source), flags.File("target", d.target))
}

// read returns the pairs to learn from and the held-out pairs.
func (d *dataset) read() (learning, held []data.TextPair, err error) {
	if err := d.check(); err != nil {
		return nil, nil, err
	}
	var all []data.TextPair
	switch {
	case d.file != "":
		all, err = data.ReadPairs(d.file, strings.ReplaceAll(d.separator, `\t`, "\t"), d.encoding) // a shell passes \t as two characters
	case d.source != "":
		all, err = data.ReadParallel(d.source, d.target, d.encoding)
	default:
		all = dates.Pairs(20000)
	}
	if err != nil {
		return nil, nil, err
	}
	for i := range all {
		all[i].Source = prefixed(d.prefix, all[i].Source)
	}
	n := len(all) - int(float64(len(all))*d.heldOut+0.5)
	if len(all) == 0 || n == len(all) {
		return nil, nil, errors.Errorf("%s has %d pairs, of which -held-out %g holds out none: want more pairs, or a larger fraction", cmp.Or(d.file, d.source), len(all), d.heldOut)
	}
	return all[:n], all[n:], nil
}

// prefixed returns a source after the prefix. An empty source stays empty.
func prefixed(prefix, source string) string {
	if source == "" {
		return ""
	}
	return prefix + source
}
