package main

import (
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/train/report"
)

// row holds the figures of a scheme.
type row struct {
	scheme
	losses     []loss
	byPosition []float64 // mean losses of the stretches of the longest window; nil if that was refused
	width      int       // positions of a stretch
	seconds    float64   // of training
	tokens     int       // of training
	refused    error     // of the first length that the model refuses; nil if it reads all
}

// loss is the loss in windows of a length.
type loss struct {
	length int
	mean   float64
}

// row reads the held-out text in windows of every length.
func (m *trained) row(t *text, s scheme) (row, error) {
	r := row{scheme: s, width: (m.context + 1) / 2}
	var err error
	if r.tokens, r.seconds, err = cost(m.log); err != nil {
		return r, err
	}
	for _, length := range m.lengths.read(m.context) {
		p, err := graph.Build(m.params, graph.Eval, m.model(s, t.vocabulary.VocabSize(), length).Logits(t.blocks.size/length, length))
		if err != nil && s.positions == "learned" && length > m.context {
			r.refused = err
			break
		}
		if err != nil {
			return r, err
		}
		losses, err := t.blocks.losses(p, length)
		if err != nil {
			return r, err
		}
		r.losses = append(r.losses, loss{length, mean(losses)})
		if length == t.blocks.size {
			r.byPosition = t.blocks.byPosition(losses, r.width)
		}
	}
	return r, nil
}

// at returns the loss in windows of a length. ok is false if the model refuses the length.
func (r row) at(length int) (mean float64, ok bool) {
	for _, l := range r.losses {
		if l.length == length {
			return l.mean, true
		}
	}
	return 0, false
}

// cost returns the tokens and the seconds of the steps in a log.
func cost(log string) (tokens int, seconds float64, err error) {
	steps := 0
	_, err = report.ReadEntries(log, 0, func(e report.Entry) {
		if e.Evaluation == nil {
			steps, tokens, seconds = steps+1, tokens+e.Step.Tokens, seconds+e.Step.Elapsed.Seconds()
		}
	})
	if err == nil && steps == 0 {
		err = errors.Errorf("log %s has no steps: remove the folder %s to train the model again", log, filepath.Dir(log))
	}
	return tokens, seconds, err
}
