package generate

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// stepper is a Program that reads t tokens of each sequence per run, with its inputs.
type stepper struct {
	*graph.Program
	t                       int
	feed                    graph.Feed
	tokens, positions       []int32
	past, last, sourceSizes []int32
}

// add builds the Program that reads t tokens of each sequence of a batch per run.
func (d *Decoder) add(params *graph.Params, m Model, batch, t int) (*stepper, error) {
	p, err := graph.Build(params, graph.Decode, m.Decode(batch, t))
	if err != nil {
		return nil, err
	}
	s := &stepper{Program: p, t: t, feed: graph.Feed{}}
	if err := s.inputs(batch); err != nil {
		return nil, err
	}
	if l := p.Output("logits"); l == nil || l.Dims() != 2 || l.Shape()[0] != batch {
		return nil, errors.Errorf("generate: the model has no output logits (%d, vocabulary)", batch)
	}
	d.programs = append(d.programs, s)
	return s, nil
}

// inputs allocates the inputs and checks their shapes.
func (s *stepper) inputs(b int) error {
	for _, in := range []struct {
		name  string
		ids   *[]int32
		shape []int
	}{
		{"tokens", &s.tokens, []int{b, s.t}}, {"positions", &s.positions, []int{b, s.t}},
		{"past", &s.past, []int{b}}, {"last", &s.last, []int{b}}, {"source_lengths", &s.sourceSizes, []int{b}},
	} {
		have := s.InputShape(in.name)
		if have == nil && in.name == "source_lengths" {
			continue // a model without a source, or with a source of fixed length
		}
		if !slices.Equal(have, in.shape) {
			return errors.Errorf("generate: the model's input %s has shape %v, want %v", in.name, have, in.shape)
		}
		v := tensor.New(tensor.Of(tensor.Int32), tensor.WithShape(in.shape...))
		s.feed[in.name], *in.ids = v, v.Int32s()
	}
	return nil
}
