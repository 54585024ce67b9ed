// Package corpora opens prepared corpora, which are folders of shards, for the programs that train on them.
package corpora

import (
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strconv"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// Corpora is one prepared corpus, or a mixture of several with the same tokenizer.
type Corpora struct {
	Learning, Held *data.Corpus // of all parts, one after the other
	Key            string       // of all ids, weights and epochs
	End            int32        // id after each document; -1 if unknown
	Dir            string       // the first folder, which has the tokenizer

	mix         Mix
	parts       []*data.Shards
	fingerprint string // "" if another program wrote the shards
}

// Is reports whether -data or -mix names prepared corpora.
func Is(path string, mix Mix) bool { return len(mix) > 0 || path != "" && data.IsShards(path) }

// Open opens the folder path, or all folders of mix.
func Open(path string, mix Mix) (*Corpora, error) {
	if len(mix) == 0 {
		mix = Mix{{Path: path, Weight: 1}}
	}
	c := &Corpora{mix: mix, Dir: mix[0].Path}
	for _, part := range mix {
		s, err := data.OpenShards(part.Path)
		if err != nil {
			return nil, err
		}
		if s.Held == nil {
			return nil, errors.Errorf("%s holds no documents out: prepare it with more documents (-separator) or a larger -held-out", part.Path)
		}
		c.parts = append(c.parts, s)
	}
	c.End, c.fingerprint, c.Key = c.parts[0].End, c.parts[0].Fingerprint, c.parts[0].Key
	if len(mix) == 1 {
		c.Learning, c.Held = c.parts[0].Learning, c.parts[0].Held
		return c, nil
	}
	return c, c.join()
}

// join checks that the parts fit together and joins them.
func (c *Corpora) join() (err error) {
	var learning, held []*data.Corpus
	h := sha256.New()
	for i, s := range c.parts {
		if s.Fingerprint != c.fingerprint || s.End != c.End {
			return errors.Errorf("-mix: %s and %s have different tokenizers: prepare both with the same one", c.mix[0].Path, c.mix[i].Path)
		}
		learning, held = append(learning, s.Learning), append(held, s.Held)
		fmt.Fprintf(h, "%s %v %d\n", s.Key, c.mix[i].Weight, c.mix[i].Epochs)
	}
	c.Key = fmt.Sprintf("%x", h.Sum(nil))
	if c.Learning, err = data.Join(learning...); err != nil {
		return err
	}
	c.Held, err = data.Join(held...)
	return err
}

// Check returns an error unless tok is the tokenizer of the shards.
func (c *Corpora) Check(tok *tokenize.Tokenizer) error {
	if c.fingerprint == "" {
		if n := int(max(c.Learning.MaxID(), c.Held.MaxID())); n >= tok.VocabSize() {
			return errors.Errorf("%s has the id %d, but the tokenizer only %d tokens: name the tokenizer of the shards with -tokenizer", c.Dir, n, tok.VocabSize())
		}
		if id, ok := tok.EOS(); ok && c.End < 0 {
			c.End = id
		}
		return nil
	}
	for _, omit := range []bool{tok.OmitUnknown, !tok.OmitUnknown} { // -omit-unknown was a matter of the preparation
		same := *tok
		same.OmitUnknown = omit
		if f, err := same.Fingerprint(); err != nil || f == c.fingerprint {
			return err
		}
		stages := tok.Stages()
		stages.PostProcessor = nil // mlm adds one to the tokenizer of the shards
		bare, err := tokenize.New(stages)
		if err != nil {
			continue
		}
		bare = bare.ForText()
		bare.OmitUnknown = omit
		if f, err := bare.Fingerprint(); err != nil || f == c.fingerprint {
			return err
		}
	}
	return errors.Errorf("%s was prepared with another tokenizer: prepare it with that of the model, or leave out -init and -tokenizer", c.Dir)
}

// Foreign reports whether another program wrote the shards, so that -tokenizer must name their tokenizer.
func (c *Corpora) Foreign() bool { return c.fingerprint == "" }

// Batches returns the batches to learn from, b rows of t tokens: random windows, or whole documents if packed. A part of a mixture has
// its own seed and draws every window once in an epoch.
func (c *Corpora) Batches(b, t int, packed bool, seed uint64) train.Source {
	if !c.mixed() {
		return c.rows(0, b, t, packed, seed)
	}
	var parts []data.Part
	for i, part := range c.mix {
		rows := c.rows(i, b, t, packed, kernel.Key(seed, "part "+strconv.Itoa(i)))
		parts = append(parts, data.Part{Source: rows, Weight: part.Weight, Epochs: part.Epochs})
	}
	m := data.Mix(parts...)
	m.Seed = seed
	return m
}

// mixed reports whether the batches are those of a data.Mixture. A single part is one if it ends.
func (c *Corpora) mixed() bool { return len(c.parts) > 1 || c.mix[0].Epochs > 0 }

// CheckEnd returns an error if a mixture ends before a run of this many batches.
func CheckEnd(source train.Source, batches int) error {
	m, ok := source.(*data.Mixture)
	if !ok {
		return nil
	}
	n, err := m.Len()
	if err == nil && n >= 0 && batches > n {
		err = errors.Errorf("-mix has %d batches until its last part ends, but -steps and -micro-batches ask for %d: give fewer steps, more epochs, or a part without an end", n, batches)
	}
	return err
}

func (c *Corpora) rows(i, b, t int, packed bool, seed uint64) data.RowSource {
	s := c.parts[i]
	if packed {
		p := s.Learning.Packed(c.End, b, t)
		p.Seed = seed
		return p
	}
	w := s.Learning.Batches(b, t)
	if c.mixed() {
		w = s.Learning.Shuffled(b, t)
	}
	w.Seed = seed
	return w
}

// Name returns the names of the folders.
func (c *Corpora) Name() string {
	name := filepath.Base(c.mix[0].Path)
	if n := len(c.mix); n > 1 {
		name += fmt.Sprintf(" and %d more", n-1)
	}
	return name
}
