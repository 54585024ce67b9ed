// Package encoders makes and opens the models of the examples that read whole texts: BERT, RoBERTa and ModernBERT.
package encoders

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// Families lists the families.
var Families = []string{"bert", "roberta", "modernbert"}

// Sizes are the sizes of a model.
type Sizes struct {
	Family                             string
	Vocab, Context, Layers, Heads, Dim int
	Hidden                             int // 0 means 4·Dim, or 3/2·Dim in a ModernBERT, whose MLPs have gates
	Dropout                            float64
}

// Check returns an error if the family is unknown.
func (s Sizes) Check() error {
	if !slices.Contains(Families, s.Family) {
		return errors.Errorf("-family is %q, want one of %s", s.Family, strings.Join(Families, ", "))
	}
	return nil
}

// New returns a masked language model with the tokens of a tokenizer. Texts have one segment.
func New(s Sizes, t Tokens) models.TextEncoder {
	if s.Family == "modernbert" {
		return models.ModernBERT{
			Pooling: "mean", Vocab: s.Vocab, Context: s.Context, Layers: s.Layers, Heads: s.Heads, Dim: s.Dim, Hidden: s.Hidden,
			EmbedDropout: s.Dropout, AttnDropout: s.Dropout, MLPDropout: s.Dropout, HeadDropout: s.Dropout,
			PAD: []int32{t.PAD}, BOS: []int32{t.CLS}, EOS: []int32{t.SEP},
		}
	}
	m := models.BERT{
		Family: s.Family, Vocab: s.Vocab, Context: s.Context, Layers: s.Layers, Heads: s.Heads, Dim: s.Dim, Hidden: s.Hidden,
		Dropout: s.Dropout, AttnDropout: s.Dropout, HeadDropout: s.Dropout, PAD: []int32{t.PAD}, OneSegment: true,
	}
	if s.Family == "roberta" {
		m.BOS, m.EOS = []int32{t.CLS}, []int32{t.SEP}
	}
	return m
}

// SizesOf returns the sizes of a model, without the dropout.
func SizesOf(m models.TextEncoder) (s Sizes) {
	switch m := m.(type) {
	case models.BERT:
		s = Sizes{Family: m.Family, Vocab: m.Vocab, Context: m.Context, Layers: m.Layers, Heads: m.Heads, Dim: m.Dim, Hidden: m.Hidden}
		if s.Family == "" {
			s.Family = "bert"
		}
	case models.ModernBERT:
		s = Sizes{Family: "modernbert", Vocab: m.Vocab, Context: m.Context, Layers: m.Layers, Heads: m.Heads, Dim: m.Dim, Hidden: m.Hidden}
	}
	return s
}

// Drops returns m with dropout p everywhere.
func Drops(m models.TextEncoder, p float64) models.TextEncoder {
	switch m := m.(type) {
	case models.BERT:
		m.Dropout, m.AttnDropout, m.HeadDropout = p, p, p
		return m
	case models.ModernBERT:
		m.EmbedDropout, m.AttnDropout, m.MLPDropout, m.HeadDropout = p, p, p, p
		return m
	}
	return m
}

// Pools returns m with a pooling of a classifier: mean or cls. It is an error if m has no choice.
func Pools(m models.TextEncoder, pooling string) (models.TextEncoder, error) {
	if b, ok := m.(models.ModernBERT); ok {
		b.Pooling = pooling
		return b, b.Check()
	}
	return m, errors.Errorf("-pooling is %s, family %s has its own: leave the flag out", pooling, SizesOf(m).Family)
}

// Smooths returns m with label smoothing in training.
func Smooths(m models.TextEncoder, smoothing float64) models.TextEncoder {
	switch m := m.(type) {
	case models.BERT:
		m.LabelSmoothing = smoothing
		return m
	case models.ModernBERT:
		m.LabelSmoothing = smoothing
		return m
	}
	return m
}

// Labels returns the labels of a classifier. ok is false for a model with another head.
func Labels(m models.TextEncoder) (labels []string, ok bool) {
	switch m := m.(type) {
	case models.BERT:
		return m.Labels, len(m.Labels) > 0
	case models.ModernBERT:
		return m.Labels, len(m.Labels) > 0
	}
	return nil, false
}

// Open reads the configuration of the model in a folder, published or trained here. All texts are of the first segment.
func Open(dir string) (models.TextEncoder, error) {
	m, err := models.Open(dir)
	if err != nil {
		return nil, err
	}
	return Of(m, dir)
}

// ReadConfig reads only config.json, as a run wrote it.
func ReadConfig(dir string) (models.TextEncoder, error) {
	var config json.RawMessage
	if err := checkpoints.ReadConfig(dir, &config); err != nil {
		return nil, err
	}
	m, err := models.Parse(config)
	if err != nil {
		return nil, errors.WithMessage(err, dir)
	}
	return Of(m, dir)
}

// Of returns m as an encoder of texts of one segment. It is an error if m, the model in folder dir, is of another kind.
func Of(m models.Model, dir string) (models.TextEncoder, error) {
	switch m := m.(type) {
	case models.BERT:
		m.OneSegment = true
		return m, nil
	case models.TextEncoder:
		return m, nil
	}
	return nil, errors.Errorf("%s: the model is a %T, want a BERT, a RoBERTa or a ModernBERT", dir, m)
}

// heads are the beginnings of the paths of heads and poolers.
var heads = []string{"classifier.", "head.", "bert.pooler.", "roberta.pooler.", "cls.", "lm_head.", "decoder."}

// Load reads the weights in a folder into the parameters of m. The body must be there. A head that the folder lacks keeps its values. With
// fresh, a classifier keeps its values even if the folder has one.
func Load(dir string, m models.TextEncoder, params checkpoints.Tensors, fresh bool) error {
	return load(dir, m, params, checkpoints.Rules{
		Ignore: func(path string) bool { return m.Ignore(path) || fresh && strings.HasPrefix(path, "classifier.") },
		Keep: func(path string) bool {
			return slices.ContainsFunc(heads, func(head string) bool { return strings.HasPrefix(path, head) })
		},
	})
}

// LoadWhole reads the weights in a folder into the parameters of m. The head must be there.
func LoadWhole(dir string, m models.TextEncoder, params checkpoints.Tensors) error {
	return load(dir, m, params, checkpoints.Rules{Ignore: m.Ignore})
}

func load(dir string, m models.TextEncoder, params checkpoints.Tensors, rules checkpoints.Rules) error {
	if checkpoints.IsAdapter(dir) {
		return loadAdapter(dir, m, params)
	}
	names, err := namesIn(dir)
	if err != nil {
		return err
	}
	rules.Rename = models.Rename(m, names)
	return checkpoints.LoadWeights(dir, params, rules)
}

// loadAdapter reads the base of the adapter in a folder, and adds the adapter. The adapter has the head.
func loadAdapter(dir string, m models.TextEncoder, params checkpoints.Tensors) error {
	base, err := adapter.Base(dir)
	if err != nil {
		return err
	}
	below, err := adapter.Below(dir)
	if err != nil {
		return err
	}
	if below != base {
		return errors.Errorf("%s is an adapter of %s, which is an adapter, too: write that as a whole model with the command merge", dir, below)
	}
	if err := Load(base, m, params, true); err != nil {
		return err
	}
	return adapter.Merge(dir, m, params)
}

// Saved returns the modules of m's head, which an adapter trains whole.
func Saved(m models.TextEncoder) (names []string, err error) {
	all, err := graph.Declared(graph.NewParams(tensor.Float32, 1), graph.Eval, models.Declaration(m))
	for _, path := range slices.Sorted(maps.Keys(all)) {
		for _, head := range heads {
			if name := strings.TrimPrefix(strings.TrimPrefix(strings.TrimSuffix(head, "."), "bert."), "roberta."); strings.HasPrefix(path, head) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names, err
}

// Init returns an error if dir, the value of -init, is the folder of an adapter.
func Init(dir, program string) error {
	if !checkpoints.IsAdapter(dir) {
		return nil
	}
	return errors.Errorf("-init is %q, an adapter of another model: write the whole model with %s, and start from that", dir, flags.Call(program, "merge -model "+dir+" -out "+dir+"-whole"))
}

// Freeze freezes the weights that match patterns. It is an error if a pattern matches none.
func Freeze(params *graph.Params, patterns []string) error {
	for _, pattern := range patterns {
		if params.Freeze(pattern) > 0 {
			continue
		}
		var names []string
		for name := range params.All() {
			names = append(names, name)
		}
		return errors.Errorf("-freeze: no weight matches %q: weights have names such as %s and %s", pattern, names[0], names[len(names)/2])
	}
	return nil
}

// namesIn returns the names of the tensors in a folder.
func namesIn(dir string) (names []string, err error) {
	_, err = checkpoints.ReadWeights(dir, func(name string) bool {
		names = append(names, name)
		return false
	})
	return names, err
}
