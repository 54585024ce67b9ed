package main

import (
	"path/filepath"

	"github.com/gorgoformer/gorgoformer/examples/internal/goroot"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/tokenize/textfile"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// text is the text of all models, in characters.
type text struct {
	name           string
	files          textfile.Set
	vocabulary     vocabulary.Vocabulary
	key            string
	learning, held *data.Corpus
	blocks         blocks // of the held-out text
}

// read reads the text, finds its characters, and holds out the last tenth.
func (o *options) read() (*text, error) {
	path := o.data
	if path == "" {
		var err error
		if path, err = goroot.Opticks(); err != nil {
			return nil, err
		}
	}
	t := &text{name: filepath.Base(path), files: textfile.Set{Paths: []string{path}, Encoding: o.encoding}}
	var err error
	if t.vocabulary, err = (vocabulary.Options{Name: "char"}).Open("", vocabulary.Files(t.files)); err != nil {
		return nil, err
	}
	corpus, err := data.Text{Paths: t.files.Paths, Encoding: t.files.Encoding, Encoder: t.vocabulary}.Corpus()
	if err != nil {
		return nil, err
	}
	if t.key, err = corpus.Key(); err != nil {
		return nil, err
	}
	if t.learning, t.held, err = corpus.Split(0.9); err != nil {
		return nil, err
	}
	lengths := o.lengths.read(o.context)
	t.blocks, err = newBlocks(t.held, lengths[len(lengths)-1], o.EvalTokens)
	return t, err
}
