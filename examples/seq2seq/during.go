package main

import (
	"fmt"

	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/layers/generate"
)

// sample generates the target of the first held-out source with the current weights. It returns both and the target of the data.
func (t *training) sample() (string, error) {
	pair := t.held[0]
	d, err := generate.NewDecoder(t.params, t.model.sized(len(pair.Source), t.model.target), 1)
	if err != nil {
		return "", err
	}
	if err := d.SetSources([][]int32{pair.Source}); err != nil {
		return "", err
	}
	o := generate.Options{Stop: t.model.eos, Bias: folder.Allow(nil, t.tok.Tokenizer, t.model.vocab)}
	out, err := generate.Batch(d, [][]int32{t.model.bos[:1]}, o)
	if err != nil {
		return "", err
	}
	var texts [3]any
	for i, ids := range [][]int32{pair.Source, out[0], pair.Target} {
		if texts[i], err = t.text(ids); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%s → %s (the data have %s)", texts[:]...), nil
}

// text returns the text of ids without special tokens.
func (t *training) text(ids []int32) (string, error) {
	tok := t.tok.ForText()
	tok.SkipSpecial = true
	return tok.Decode(ids)
}
