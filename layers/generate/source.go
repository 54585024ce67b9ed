package generate

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// EncoderDecoder is a Model whose sequences depend on a source.
type EncoderDecoder interface {
	Model
	// Remember declares, in mode Decode, the computation that runs once per source. Inputs, int32: "source" (b, S) and
	// "source_lengths" (b).
	Remember(b int) func(*graph.Scope)
}

// addSource builds the Program that reads the sources.
func (d *Decoder) addSource(params *graph.Params, m EncoderDecoder) (err error) {
	if d.source, err = graph.Build(params, graph.Decode, m.Remember(d.Batch())); err != nil {
		return err
	}
	d.sources = graph.Feed{}
	for name, axes := range map[string]int{"source": 2, "source_lengths": 1} {
		shape := d.source.InputShape(name)
		if len(shape) != axes || shape[0] != d.Batch() {
			return errors.Errorf("generate: the model's input %s has shape %v, want %d axes, the first of %d", name, shape, axes, d.Batch())
		}
		d.sources[name] = tensor.New(tensor.Of(tensor.Int32), tensor.WithShape(shape...))
	}
	return d.source.ShareStates(d.program)
}

// SetSources encodes the sources of an encoder-decoder, one for each sequence, and empties the sequences. After an error no sources
// are set.
func (d *Decoder) SetSources(sources [][]int32) error {
	if d.source == nil {
		return errors.New("generate: the model has no encoder: it takes no sources")
	}
	d.sourced = false
	if len(sources) != d.Batch() {
		return errors.Errorf("generate: %d sources for a batch of %d", len(sources), d.Batch())
	}
	ids, lengths := d.sources["source"].Int32s(), d.sources["source_lengths"].Int32s()
	width := len(ids) / d.Batch()
	clear(ids)
	d.Reset()
	for b, s := range sources {
		if len(s) == 0 {
			return errors.Errorf("generate: source %d is empty: give it at least one token", b)
		}
		if len(s) > width {
			return errors.Errorf("generate: source %d has %d tokens, the model takes %d", b, len(s), width)
		}
		copy(ids[b*width:], s)
		lengths[b], d.rows[b].source = int32(len(s)), int32(len(s)) // Reset has put sequence b into row b
	}
	if err := d.source.Run(d.sources); err != nil {
		return err
	}
	d.sourced = true
	return nil
}
