package main

import (
	"fmt"
	"math"
	"slices"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// span is the mean loss at positions from … to of a window. The position of a target is the number of tokens before it in the window.
type span struct {
	from, to int
	loss     float64
	targets  int
}

func (s span) String() string {
	if s.from == s.to {
		return fmt.Sprint(s.from)
	}
	return fmt.Sprintf("%d–%d", s.from, s.to)
}

// spansOf returns spans that double up to a window, and one more as long as the window.
func spansOf(window int) (list []span) {
	for from, to := 1, 8; from <= window; from, to = to+1, 2*to {
		list = append(list, span{from: from, to: min(to, window)})
	}
	return append(list, span{from: window + 1, to: 2 * window})
}

// spans scores models by position.
type spans struct {
	held          *data.Corpus
	batch, window int
	tokens        int // limit of the targets; 0 means all
}

// score returns the losses by position. Every model reads the same windows of training's length. An RNN then also reads windows of twice
// that length, of which only the second half counts: a Transformer with learned positions has none there.
func (s spans) score(c contender, params *graph.Params) ([]span, error) {
	list := spansOf(s.window)
	within, beyond := list[:len(list)-1], list[len(list)-1:]
	if err := s.add(within, c.model, params, s.window); err != nil {
		return nil, err
	}
	if _, ok := c.model.(models.RNN); ok {
		if err := s.add(beyond, c.model, params, 2*s.window); err != nil {
			return nil, err
		}
	}
	return slices.DeleteFunc(list, func(s span) bool { return s.targets == 0 }), nil // the held-out text may be short
}

// add fills in spans from held-out windows of a length.
func (s spans) add(list []span, m models.LanguageModel, params *graph.Params, length int) error {
	p, err := graph.Build(params, graph.Eval, m.Logits(s.batch, length))
	if err != nil {
		return err
	}
	sums := make([]float64, len(list))
	windows := s.held.Sequential(s.batch, length)
	windows.Spread = s.tokens
	for i := range windows.Len() {
		feed, err := windows.Batch(i)
		if err != nil {
			return err
		}
		if err := p.Run(graph.Feed{"tokens": feed["tokens"]}); err != nil {
			return err
		}
		targets := feed["targets"].Int32s()
		logits := p.Output("logits").Float32s()
		vocab := len(logits) / len(targets)
		for j, id := range targets {
			for k, span := range list {
				if position := j%length + 1; id != ops.IgnoreTarget && position >= span.from && position <= span.to {
					sums[k] += loss(logits[j*vocab:][:vocab], id)
					list[k].targets++
				}
			}
		}
	}
	for k, sum := range sums {
		list[k].loss = sum / float64(max(list[k].targets, 1))
	}
	return nil
}

// loss returns the cross-entropy of one target.
func loss(logits []float32, target int32) float64 {
	most, sum := math.Inf(-1), 0.0
	for _, x := range logits {
		most = max(most, float64(x))
	}
	for _, x := range logits {
		sum += math.Exp(float64(x) - most)
	}
	return most + math.Log(sum) - float64(logits[target])
}
