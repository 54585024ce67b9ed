package inside

import (
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// Example is a text, a pair or a picture of the training data, with the results that the model learns.
type Example struct {
	inspect.Input
	Targets []int32 // of each token, -100 for none; one class for a classifier
}

// ignored is the target of a token without one.
const ignored = -100

// Examples returns the training data of a step. No other goroutine may use the source.
func Examples(batches train.Source, step, microBatches, last int) (all []Example, err error) {
	if step < 1 || step > last {
		return nil, errors.Errorf("step %d, want 1 … %d", step, last)
	}
	for i := range max(microBatches, 1) {
		feed, err := batches.Batch((step-1)*max(microBatches, 1) + i)
		if err != nil {
			return nil, err
		}
		all = append(all, examples(feed)...)
	}
	return all, nil
}

// examples takes a batch apart. The names of its parts are those of the inputs of package models.
func examples(feed graph.Feed) (all []Example) {
	targets := feed["targets"]
	if targets == nil {
		return nil
	}
	tokens, sources, places := rows(feed, "tokens", "lengths"), rows(feed, "source", "source_lengths"), feed["places"]
	n, t := targets.Shape()[0], 1
	if targets.Dims() > 1 {
		t = targets.Shape()[1]
	}
	for i := range n {
		e := Example{Targets: append([]int32(nil), targets.Int32s()[i*t:(i+1)*t]...)}
		if tokens != nil {
			e.Tokens = tokens[i]
		}
		if sources != nil {
			e.Source = sources[i]
		}
		if pixels := feed["pixels"]; pixels != nil {
			size := pixels.DataSize() / n
			e.Pixels = append([]float32(nil), pixels.Float32s()[i*size:(i+1)*size]...)
		}
		if places != nil { // of a masked language model: positions in the tokens of the batch
			width := feed["tokens"].Shape()[1]
			spread := make([]int32, width)
			for j := range spread {
				spread[j] = ignored
			}
			for j, target := range e.Targets {
				if at := int(places.Int32s()[i*t+j]) - i*width; target != ignored && at >= 0 && at < width {
					spread[at] = target
				}
			}
			e.Targets = spread
		}
		if starts := feed["starts"]; starts != nil {
			all = append(all, documents(e, starts.Int32s()[i*t:(i+1)*t])...)
			continue
		}
		all = append(all, e)
	}
	return all
}

// documents divides a row of packed documents: they do not see each other. starts holds the index of the first token of each token's document.
// A document without a target, as in the padding, is left out.
func documents(row Example, starts []int32) (all []Example) {
	for first := 0; first < len(starts); {
		end := first + 1
		for end < len(starts) && starts[end] == starts[first] {
			end++
		}
		e := row
		e.Tokens, e.Targets = row.Tokens[first:end], row.Targets[first:end]
		if slices.ContainsFunc(e.Targets, func(id int32) bool { return id != ignored }) {
			all = append(all, e)
		}
		first = end
	}
	return all
}

// rows returns the rows of an input, without padding if there are lengths. It returns nil without the input.
func rows(feed graph.Feed, name, lengths string) (all [][]int32) {
	in := feed[name]
	if in == nil {
		return nil
	}
	t := in.Shape()[1]
	for i := range in.Shape()[0] {
		n := t
		if l := feed[lengths]; l != nil {
			n = int(l.Int32s()[i])
		}
		all = append(all, append([]int32(nil), in.Int32s()[i*t:i*t+n]...))
	}
	return all
}

// Batch implements page.Inside: the losses are those of the newest checkpoint before the step.
func (m *Model) Batch(step int) (*page.Batch, error) {
	if m.Examples == nil {
		return nil, errors.New("the training data are not open: their texts cannot be shown")
	}
	all, err := m.Examples(step)
	if err != nil {
		return nil, err
	}
	at := -1
	if m.Steps != nil {
		for _, s := range m.Steps() {
			if s < step {
				at = s
			}
		}
	}
	w, done, err := m.at(at)
	if err != nil {
		return nil, err
	}
	defer done()
	b := &page.Batch{Step: step, Weights: w.step, Texts: [][]page.Token{}}
	for _, e := range all[:min(len(all), 64)] {
		if e.Pixels == nil && len(e.Tokens) == 0 {
			continue // the padding of a batch
		}
		r, err := w.Read(e.Input)
		if err != nil {
			return nil, err
		}
		b.Texts = append(b.Texts, m.losses(e, r))
	}
	return b, nil
}

// losses returns the tokens of an example, each with the probability that the model gave it.
func (m *Model) losses(e Example, r *inspect.Reading) (row []page.Token) {
	add := func(text string, id int32, logits []float32) {
		t := page.Token{ID: id, Text: text, Span: len(row)}
		if logits != nil && int(id) < len(logits) {
			p := logProbability(logits, id)
			t.LogProb = &p
		}
		row = append(row, t)
	}
	for _, id := range e.Source {
		add(m.text(id), id, nil)
	}
	kind := m.predicts()
	for i, id := range e.Tokens {
		if kind == "mask" && i < len(e.Targets) && e.Targets[i] >= 0 {
			add(m.text(e.Targets[i]), e.Targets[i], r.Logits.Row(i))
		} else if kind != "token" || i == 0 {
			add(m.text(id), id, nil)
		}
		if kind == "token" && i < len(e.Targets) && e.Targets[i] >= 0 {
			add(m.text(e.Targets[i]), e.Targets[i], r.Logits.Row(i))
		}
	}
	if kind == "class" && e.Targets[0] >= 0 {
		add(m.labels()[e.Targets[0]], e.Targets[0], r.Logits.Row(0))
	}
	return row
}
