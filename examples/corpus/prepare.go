package main

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/data/parquet"
)

// endOfText is the usual token after a document.
const endOfText = "<|endoftext|>"

// savedLast is the file of the tokenizer that is written last.
const savedLast = "tokenizer_config.json"

// documents returns the documents of -data.
func (o *options) documents() (d data.Documents, err error) {
	d = data.Documents{Paths: o.data, Encoding: o.encoding, Longest: o.longest << 20, MaxBad: o.maxBad}
	if len(o.data) == 0 {
		net, err := goroot.Source("net")
		if err != nil {
			return d, err
		}
		d.Paths = []string{net}
	}
	text, jsonl, columns := data.PlainText{Separator: o.separator}, data.JSONL{Field: o.field}, parquet.Column{Name: o.field}
	csv, tsv := data.CSV{Column: o.field}, data.TSV{Column: o.field}
	switch o.format {
	case "auto":
		d.Formats = map[string]data.Format{"": text, ".jsonl": jsonl, ".ndjson": jsonl, ".csv": csv, ".tsv": tsv, ".parquet": columns}
		return d, nil
	case "text":
		d.Formats = map[string]data.Format{"": text}
	case "lines":
		d.Formats = map[string]data.Format{"": data.Lines{}}
	case "jsonl":
		d.Formats = map[string]data.Format{"": jsonl}
	case "csv":
		d.Formats = map[string]data.Format{"": csv}
	case "tsv":
		d.Formats = map[string]data.Format{"": tsv}
	case "parquet":
		d.Formats = map[string]data.Format{"": columns}
	default:
		return d, errors.Errorf("-format is %q, want auto, text, lines, jsonl, csv, tsv or parquet", o.format)
	}
	return d, nil
}

// checkUsed returns an error if -separator or -field is set, but no file has a format that uses it.
func (o *options) checkUsed(d data.Documents) error {
	if o.separator == "" && o.field == "" {
		return nil
	}
	used, err := d.Used()
	if err != nil {
		return o.named(err)
	}
	texts, fields := false, false
	for _, format := range used {
		switch format.(type) {
		case data.PlainText:
			texts = true
		case data.JSONL, data.CSV, data.TSV, parquet.Column:
			fields = true
		}
	}
	switch {
	case o.separator != "" && !texts:
		return errors.Errorf("-separator is %q, but no file of -data is text: leave it out, or add -format text", o.separator)
	case o.field != "" && !fields:
		return errors.Errorf("-field is %q, but no file of -data has fields or columns: leave it out, or name the -format", o.field)
	}
	return nil
}

// tokenizer loads -tokenizer, or trains it on the first documents, and saves it in the folder. A resumed run finds it there.
func (o *options) tokenizer(d data.Documents) (v vocabulary.Vocabulary, err error) {
	o.vocabulary.Special = flags.List(o.special)
	from := ""
	saved := filepath.Join(o.out, savedLast)
	if _, err := os.Stat(saved); err == nil && len(o.vocabulary.Paths()) == 0 {
		from = o.out
	}
	v, err = o.vocabulary.Open(from, func(t trainer.Trainer) (*tokenize.Tokenizer, error) { return o.train(t, d) })
	if err != nil {
		return v, o.named(err)
	}
	for name, content := range v.Files {
		if filepath.Base(saved) != name {
			if err := atomicfile.Write(filepath.Join(o.out, name), content); err != nil {
				return v, err
			}
		}
	}
	if err := atomicfile.Write(saved, v.Files[filepath.Base(saved)]); err != nil || from != "" || len(o.vocabulary.Paths()) > 0 {
		return v, err
	}
	return o.vocabulary.Open(o.out, nil) // as a resumed run and the programs that train on the shards read it
}

// train trains a tokenizer on the first documents.
func (o *options) train(t trainer.Trainer, d data.Documents) (*tokenize.Tokenizer, error) {
	var failed error
	left := o.sample << 20
	tok, err := t.Train(func(yield func(string) bool) {
		for doc, err := range d.All() {
			if err != nil {
				failed = err
				return
			}
			text := doc.Text[:min(len(doc.Text), left)]
			if left -= len(text); !yield(strings.ToValidUTF8(text, "")) || left == 0 {
				return
			}
		}
	})
	if failed != nil {
		err = failed
	}
	return tok, err
}

// preparation returns the preparation of the shards.
func (o *options) preparation(d data.Documents, v vocabulary.Vocabulary) (p data.Preparation, err error) {
	encoder := *v.Tokenizer
	encoder.Special = tokenize.AsText // a document cannot end another
	p = data.Preparation{
		Documents: d, Encoder: &encoder, Unknown: -1, Out: o.out, Format: data.TokenFormat(o.shards), ShardSize: o.shardSize, HeldOut: o.heldOut, Seed: o.seed,
		Duplicates: o.dedup << 20, Workers: o.workers,
	}
	if id, ok := v.Unk(); ok {
		p.Unknown = id
	}
	if p.Fingerprint, err = v.Fingerprint(); err != nil {
		return p, err
	}
	p.End, err = o.endOf(v.Tokenizer)
	return p, err
}

// endOf returns the id of -end.
func (o *options) endOf(t *tokenize.Tokenizer) (int32, error) {
	if o.end != "" {
		id, ok := t.TokenToID(o.end)
		if !ok {
			return 0, errors.Errorf("-end is %q, which the tokenizer does not have: name one of its tokens", o.end)
		}
		return id, nil
	}
	if id, ok := t.EOS(); ok {
		return id, nil
	}
	if id, ok := t.Sep(); ok {
		return id, nil
	}
	return 0, errors.New("-end is missing, and the tokenizer has no eos_token: name the token after each document")
}

// named adds the flag that bounds bad records, or hashes, to an error.
func (o *options) named(err error) error {
	switch text := err.Error(); {
	case strings.Contains(text, "to find"), strings.Contains(text, "for finding duplicates"):
		return errors.WithMessagef(err, "-dedup is %d", o.dedup)
	case strings.Contains(text, "bad records, want at most"):
		return errors.WithMessagef(err, "-max-bad is %d", o.maxBad)
	}
	return err
}
