// Package onnxfolder translates the models in folders into ONNX, with the names of inputs and outputs that Hugging Face uses.
package onnxfolder

import (
	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints/onnx"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// Options are the options of Translate. The zero value is the usual choice.
type Options struct {
	Opset   int // version of ONNX's operator set; 0 means onnx.FirstOpset
	Context int // largest number of tokens in a text, at most the model's own; 0 means the model's own
}

// Translate reads the model in a folder and translates it.
func Translate(dir string, o Options) (*onnx.Model, error) {
	m, err := models.Open(dir)
	if err != nil {
		return nil, err
	}
	if _, ok := m.(models.LanguageModel); ok { // a head that differs from the table makes the model untied
		if m, err = folder.Open(dir); err != nil {
			return nil, err
		}
	}
	d, err := Declaration(m)
	if err != nil {
		return nil, errors.WithMessage(err, dir)
	}
	d.Opset = o.Opset
	for k, a := range d.Axes {
		if o.Context > 0 && a.Max > 0 && o.Context > a.Max {
			return nil, errors.Errorf("%s: %d tokens exceed the model's %d", dir, o.Context, a.Max)
		}
		if o.Context > 0 && a.Name != batch {
			d.Axes[k].Max = o.Context
		}
	}
	params, err := folder.Expect(dir, m)
	if err != nil {
		return nil, err
	}
	ones := []int{1, 1, 1}[:len(d.Axes)]
	if _, err := graph.Build(params, graph.Eval, d.Declare(ones)); err != nil { // makes the parameters
		return nil, errors.WithMessage(err, dir)
	}
	if err := folder.Load(dir, m, params.All()); err != nil {
		return nil, err
	}
	translated, err := onnx.Translate(params, d)
	return translated, errors.WithMessage(err, dir)
}

// Names of axes, inputs and outputs in Hugging Face's exports.
const (
	batch, length, source = "batch_size", "sequence_length", "encoder_sequence_length"

	ids, segments, seen = "input_ids", "token_type_ids", "attention_mask"
)

// Declaration returns the declaration of a model. It is an error if its family has none. The inputs are int64 input_ids; attention_mask
// for models that read padded texts; token_type_ids for a BERT of several segments; float pixel_values for a ViT. A model of pairs has
// decoder_input_ids and decoder_attention_mask too. The output is logits, or sentence_embedding for an encoder without a head.
func Declaration(m models.Model) (onnx.Declaration, error) {
	switch m := m.(type) {
	case models.ViT:
		return onnx.Declaration{
			Axes:    []onnx.Axis{{Name: batch}},
			Declare: func(n []int) func(*graph.Scope) { return m.Logits(n[0], m.Size) },
			Names:   map[string]string{"pixels": "pixel_values"},
		}, nil
	case models.TextEncoder:
		return encoder(m), nil
	case models.Classifier:
		return texts(m.Logits, m.Context, map[string]string{"tokens": ids}, true), nil
	case models.SASRec:
		if m.Masked {
			return onnx.Declaration{}, errors.New("a masked SASRec has no translation: its sequences are packed")
		}
		return texts(m.Scores, m.Context, map[string]string{"items": ids}, false), nil
	case models.LanguageModel:
		return texts(m.Logits, m.Window(), map[string]string{"tokens": ids}, false), nil
	case models.T5:
		return pairs(m.Loss, m.Source, m.Target), nil
	case models.Seq2Seq:
		return pairs(m.Loss, m.Source, m.Target), nil
	}
	return onnx.Declaration{}, errors.Errorf("a %T has no translation to ONNX", m)
}

// texts declares a model of texts of up to most tokens, with a mask if texts are padded.
func texts(declare func(b, t int) func(*graph.Scope), most int, names map[string]string, padded bool) onnx.Declaration {
	d := onnx.Declaration{
		Axes:    []onnx.Axis{{Name: batch}, {Name: length, Max: most}},
		Declare: func(n []int) func(*graph.Scope) { return declare(n[0], n[1]) },
		Names:   names,
	}
	if padded {
		d.Masks = map[string]onnx.Mask{"lengths": {Name: seen, Like: "tokens"}}
	}
	return d
}

func encoder(m models.TextEncoder) onnx.Declaration {
	declare, names := m.Logits, map[string]string{"tokens": ids}
	b, isBERT := m.(models.BERT)
	modern, _ := m.(models.ModernBERT)
	switch {
	case b.Head == "none" || modern.Head == "none":
		declare, names["embeddings"] = m.Embeddings, "sentence_embedding"
	case isBERT && b.HasTypes():
		names["types"] = segments
	}
	return texts(declare, m.Window(), names, true)
}

// pairs declares a model that turns texts of up to src tokens into texts of up to tgt tokens.
func pairs(declare func(b, src, tgt int) func(*graph.Scope), src, tgt int) onnx.Declaration {
	return onnx.Declaration{
		Axes:    []onnx.Axis{{Name: batch}, {Name: source, Max: src}, {Name: "decoder_" + length, Max: tgt}},
		Declare: func(n []int) func(*graph.Scope) { return declare(n[0], n[1], n[2]) },
		Names:   map[string]string{"source": ids, "tokens": "decoder_" + ids},
		Masks: map[string]onnx.Mask{
			"source_lengths": {Name: seen, Like: "source"}, "lengths": {Name: "decoder_" + seen, Like: "tokens"},
		},
	}
}
