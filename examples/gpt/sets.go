package main

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// sets reads the texts of -eval-data.
func (t *training) sets() error {
	for _, x := range t.evalData {
		corpus, err := data.Text{Paths: []string{x.Path}, Encoding: t.encoding, Encoder: t.tok}.Corpus()
		if err != nil {
			return errors.WithMessagef(err, "-eval-data %s", x.Name)
		}
		held := corpus.Sequential(t.batch, t.context)
		held.Spread = t.EvalTokens
		t.setup.Sets = append(t.setup.Sets, job.Set{Name: x.Name, Held: held})
	}
	return nil
}
