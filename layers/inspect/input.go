package inspect

import (
	"cmp"
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// Input is a text or a picture for a model.
type Input struct {
	Tokens []int32   // of a language model, a text encoder or a recommender; of the target, with its first token, for an encoder-decoder
	Source []int32   // of an encoder-decoder
	Pixels []float32 // of a vision model: (Channels, Size, Size)
}

// declaration is a model's declaration for one input.
type declaration struct {
	key     string
	declare func(*graph.Scope)
	feed    graph.Feed
}

// The methods of models that read other things than one text.
type (
	encoderDecoder interface {
		Loss(b, src, tgt int) func(*graph.Scope)
	}
	texts interface {
		Logits(b, t int) func(*graph.Scope)
	}
)

// declaration returns the model's declaration for an input.
func (x *Inspector) declaration(in Input) (d declaration, err error) {
	t, src := len(in.Tokens), len(in.Source)
	if w, ok := x.model.(interface{ Window() int }); ok && w.Window() > 0 && t > w.Window() {
		return d, errors.Errorf("inspect: %d tokens, the model reads at most %d", t, w.Window())
	}
	d.key = fmt.Sprintf("%d tokens, %d of a source", t, src)
	_, reads := x.model.(models.ViT)
	if reads != (in.Pixels != nil) || !reads && t == 0 {
		return d, errors.Errorf("inspect: %d tokens and %d pixels for a model of type %T: want tokens for a model of texts, pixels for a model of pictures", t, len(in.Pixels), x.model)
	}
	tokens := func(ids []int32) *tensor.Dense {
		return tensor.New(tensor.WithShape(1, len(ids)), tensor.WithBacking(ids))
	}
	length := func(n int) *tensor.Dense {
		return tensor.New(tensor.WithShape(1), tensor.WithBacking([]int32{int32(n)}))
	}
	switch m := x.model.(type) {
	case models.ViT:
		c := channels(m)
		if want := c * m.Size * m.Size; len(in.Pixels) != want {
			return d, errors.Errorf("inspect: %d pixels, want %d for %d channels of %d × %d", len(in.Pixels), want, c, m.Size, m.Size)
		}
		d.declare, d.feed = m.Attention(1, m.Size), graph.Feed{"pixels": tensor.New(tensor.WithShape(1, c, m.Size, m.Size), tensor.WithBacking(in.Pixels))}
	case encoderDecoder:
		if src == 0 {
			return d, errors.New("inspect: no tokens of a source: an encoder-decoder reads a source and a target")
		}
		d.declare = m.Loss(1, src, t)
		d.feed = graph.Feed{"source": tokens(in.Source), "source_lengths": length(src), "tokens": tokens(in.Tokens), "lengths": length(t), "targets": tokens(make([]int32, t))}
	case models.TextEncoder:
		d.declare, d.feed = oneSegment(m).Logits(1, t), graph.Feed{"tokens": tokens(in.Tokens), "lengths": length(t)}
		if headless(m) {
			d.declare = m.Embeddings(1, t)
		}
	case models.Classifier:
		d.declare, d.feed = m.Logits(1, t), graph.Feed{"tokens": tokens(in.Tokens), "lengths": length(t)}
	case models.SASRec:
		d.declare, d.feed = m.Scores(1, t), graph.Feed{"items": tokens(in.Tokens)}
		if m.Masked {
			positions := make([]int32, t)
			for i := range positions {
				positions[i] = int32(m.Context - t + 1 + i)
			}
			d.declare = m.PackedScores(1, t)
			d.feed["positions"], d.feed["starts"], d.feed["last"] = tokens(positions), tokens(make([]int32, t)), length(t-1)
		}
	case texts:
		d.declare, d.feed = m.Logits(1, t), graph.Feed{"tokens": tokens(in.Tokens)}
	default:
		return d, errors.Errorf("inspect: a model of type %T has no method Logits or Loss that inspect knows: see package models", x.model)
	}
	return d, nil
}

// oneSegment returns a text encoder whose texts are of the first segment.
func oneSegment(m models.TextEncoder) models.TextEncoder {
	if b, ok := m.(models.BERT); ok {
		b.OneSegment = true
		return b
	}
	return m
}

// channels returns the channels of a vision model's pictures.
func channels(m models.ViT) int { return cmp.Or(m.Channels, 3) }

// headless reports whether a text encoder has no head.
func headless(m models.TextEncoder) bool {
	switch m := m.(type) {
	case models.BERT:
		return m.Head == "none"
	case models.ModernBERT:
		return m.Head == "none"
	}
	return false
}
