package main

import (
	"fmt"

	"github.com/gorgoformer/gorgoformer/layers/generate"
)

// sample generates the target of the first held-out source with the current weights.
func (t *training) sample() (string, error) {
	d, err := generate.NewDecoder(t.params, t.model, 1)
	if err != nil {
		return "", err
	}
	source := t.held[0].Source
	if err := d.SetSources([][]int32{source}); err != nil {
		return "", err
	}
	out, err := generate.Batch(d, [][]int32{t.model.BOS[:1]}, generate.Options{Stop: t.model.EOS})
	if err != nil {
		return "", err
	}
	from, err := t.tok.Decode(source)
	if err != nil {
		return "", err
	}
	to, err := t.tok.Decode(out[0])
	return fmt.Sprintf("%s → %s", from, to), err
}
