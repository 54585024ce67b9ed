package main

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// network is a model that turns a source into a target.
type network interface {
	models.Model
	generate.EncoderDecoder
	Loss(b, src, tgt int) func(*graph.Scope)
}

// model is a network, with the numbers that the program needs.
type model struct {
	network
	family             string // value of -family
	title              string // with its article
	vocab              int    // of the target
	layers, heads      int
	dim, hidden        int
	normFirst          bool
	source, target     int // lengths at most; a target counts its beginning
	pad, bos, eos      []int32
	endsSources        bool // a source ends with EOS
	dropout, smoothing float64
}

// families lists the values of -family.
var families = []string{"transformer", "t5", "t5-gated"}

// modelOf returns a network with its numbers. It is an error if m is of another kind.
func modelOf(m models.Model) (model, error) {
	switch m := m.(type) {
	case models.Seq2Seq:
		return model{
			network: m, family: "transformer", title: "a Transformer", vocab: m.TargetVocab, layers: m.EncoderLayers, heads: m.Heads, dim: m.Dim, hidden: m.Hidden,
			normFirst: m.NormFirst, source: m.Source, target: m.Target, pad: m.PAD, bos: m.BOS, eos: m.EOS, dropout: m.Dropout, smoothing: m.LabelSmoothing,
		}, nil
	case models.T5:
		family := "t5"
		if strings.HasPrefix(m.FeedForward, "gated-") {
			family = "t5-gated"
		}
		return model{
			network: m, family: family, title: "a T5", vocab: m.Vocab, layers: m.EncoderLayers, heads: m.Heads, dim: m.Dim, hidden: m.Hidden,
			normFirst: true, source: m.Source, target: m.Target, pad: m.PAD, bos: m.BOS, eos: m.EOS, endsSources: true, dropout: m.Dropout, smoothing: m.LabelSmoothing,
		}, nil
	}
	config, err := json.Marshal(m)
	if err != nil {
		return model{}, errors.WithStack(err)
	}
	var kind struct {
		ModelType string `json:"model_type"`
	}
	if err := json.Unmarshal(config, &kind); err != nil {
		return model{}, errors.WithStack(err)
	}
	return model{}, errors.Errorf("model_type is %q, which has no encoder and decoder: want transformer or t5", kind.ModelType)
}

// with returns m with other lengths, dropout and label smoothing.
func (m model) with(source, target int, dropout, smoothing float64) model {
	switch n := m.network.(type) {
	case models.Seq2Seq:
		n.Source, n.Target, n.Dropout, n.LabelSmoothing = source, target, dropout, smoothing
		m.network = n
	case models.T5:
		n.Source, n.Target, n.Dropout, n.LabelSmoothing = source, target, dropout, smoothing
		m.network = n
	}
	m.source, m.target, m.dropout, m.smoothing = source, target, dropout, smoothing
	return m
}

// sized returns m with other lengths.
func (m model) sized(source, target int) model { return m.with(source, target, m.dropout, m.smoothing) }

// MarshalJSON returns the family's config.json.
func (m model) MarshalJSON() ([]byte, error) { return json.Marshal(m.network) }

// marks returns the first id of each kind. Without an id for padding, the end fills up rows: the lengths exclude it.
func (m model) marks() data.Marks {
	return data.Marks{Pad: slices.Concat(m.pad, m.eos)[0], BOS: m.bos[0], EOS: m.eos[0]}
}

// fresh returns a model of the family and the sizes in the flags. A T5 begins its targets with the padding.
func (o *options) fresh(vocab int, marks data.Marks) (model, error) {
	pad, bos, eos := []int32{marks.Pad}, []int32{marks.BOS}, []int32{marks.EOS}
	if o.family == "transformer" {
		return modelOf(models.Seq2Seq{
			EncoderLayers: o.layers, DecoderLayers: o.layers, Heads: o.heads, Dim: o.dim, Hidden: o.hidden, SourceVocab: vocab, TargetVocab: vocab,
			NormFirst: o.normFirst, LabelSmoothing: o.smoothing, Dropout: o.dropout, PAD: pad, BOS: bos, EOS: eos,
		})
	}
	m := models.T5{
		Vocab: vocab, EncoderLayers: o.layers, Heads: o.heads, Dim: o.dim, Hidden: o.hidden, LabelSmoothing: o.smoothing, Dropout: o.dropout,
		PAD: pad, BOS: pad, EOS: eos,
	}
	if o.family == "t5-gated" {
		m.FeedForward, m.Untied = "gated-gelu", true // as T5 1.1
	}
	return modelOf(m)
}

// openModel reads the configuration of the encoder-decoder in a folder.
func openModel(dir string) (model, error) {
	dir, err := adapter.Find(dir, "config.json")
	if err != nil {
		return model{}, err
	}
	opened, err := models.Open(dir)
	if err != nil {
		return model{}, err
	}
	m, err := modelOf(opened)
	if err == nil && (len(m.bos) == 0 || len(m.eos) == 0) {
		err = errors.Errorf("config.json has ids %v that begin and %v that end a text, want at least one of each", m.bos, m.eos)
	}
	return m, errors.WithMessage(err, dir)
}
