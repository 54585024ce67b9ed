package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// own is the family of models.Classifier, which is trained from scratch.
const own = "classifier"

// families lists the values of -family.
var families = append([]string{own}, encoders.Families...)

// model is a classifier of texts of any family.
type model interface {
	models.Model
	Loss(b, t int) func(*graph.Scope)
	Logits(b, t int) func(*graph.Scope)
}

// kind is a model with the numbers that the program needs.
type kind struct {
	model
	family  string
	labels  []string
	context int
	vocab   int
	framed  bool // texts have a token at the end
}

// of returns the kind of a model, which is in the folder dir. It is an error if the model does not classify texts.
func of(m models.Model, dir string) (k kind, err error) {
	if m, ok := m.(models.Classifier); ok {
		return kind{m, own, m.Labels, m.Context, m.Vocab, false}, nil
	}
	e, err := encoders.Of(m, dir)
	if err != nil {
		return k, errors.Errorf("%s: the model is a %T, want a classifier: one of family %s", dir, m, strings.Join(families, ", "))
	}
	labels, ok := encoders.Labels(e)
	if !ok {
		return k, errors.Errorf("%s: the model has no labels: train a classifier from it with train -init %[1]s", dir)
	}
	s := encoders.SizesOf(e)
	return kind{e, s.Family, labels, s.Context, s.Vocab, true}, nil
}

// readKind reads config.json, as a run wrote it.
func readKind(dir string) (k kind, err error) {
	var config json.RawMessage
	if err := checkpoints.ReadConfig(dir, &config); err != nil {
		return k, err
	}
	m, err := models.Parse(config)
	if err != nil {
		return k, errors.WithMessage(err, dir)
	}
	return of(m, dir)
}

// MarshalJSON returns the family's config.json.
func (k kind) MarshalJSON() ([]byte, error) { return json.Marshal(k.model) }

// fresh returns a new model of the family and the sizes in the flags.
func (o *options) fresh(vocab int, tok encoder, context int, labels []string) kind {
	if o.family == own {
		m := models.Classifier{
			Vocab: vocab, Context: context, Layers: o.layers, Heads: o.heads, Dim: o.dim, Hidden: o.hidden, Labels: labels, NormFirst: !o.postNorm,
			Positions: o.positions, Pooling: o.pooling, TokenDropout: o.tokenDropout, Dropout: o.dropout, LabelSmoothing: o.smoothing,
		}
		return kind{m, own, labels, context, m.Vocab, false}
	}
	sizes := encoders.Sizes{
		Family: o.family, Vocab: vocab, Context: context, Layers: o.layers, Heads: o.heads, Dim: o.dim, Hidden: o.hidden, Dropout: o.dropout,
	}
	m := encoders.New(sizes, encoders.Tokens{CLS: tok.start, SEP: tok.end, PAD: tok.pad})
	if o.given["pooling"] {
		m, _ = encoders.Pools(m, o.pooling) // check has validated it
	}
	return kind{encoders.Smooths(m, o.smoothing).Classifier(labels), o.family, labels, context, sizes.Vocab, true}
}

// begun returns the model of the folder -init with a new head for these labels.
func (o *options) begun(labels []string) (k kind, err error) {
	m, err := encoders.Open(o.init)
	if err != nil {
		return k, errors.WithMessage(err, "-init")
	}
	if o.given["dropout"] {
		m = encoders.Drops(m, o.dropout)
	}
	if o.given["pooling"] {
		if m, err = encoders.Pools(m, o.pooling); err != nil {
			return k, err
		}
	}
	return of(encoders.Smooths(m, o.smoothing).Classifier(labels), o.init)
}

// size sets -family and the sizes to those of the folder -init. They must not be on the command line.
func (o *options) size() error {
	if err := flags.First(flags.Model("init", o.init), encoders.Init(o.init, "classify")); err != nil {
		return err
	}
	for _, name := range []string{"tokenizer", "family", "layers", "heads", "dim", "hidden", "max-tokens", "post-norm", "positions"} {
		if o.given[name] {
			return errors.Errorf("-%s is %s, but the model of -init %s has its own: leave the flag out", name, o.set.Lookup(name).Value, o.init)
		}
	}
	m, err := encoders.Open(o.init)
	if err != nil {
		return errors.WithMessage(err, "-init")
	}
	s := encoders.SizesOf(m)
	o.family, o.layers, o.heads, o.dim, o.hidden = s.Family, s.Layers, s.Heads, s.Dim, s.Hidden
	return nil
}

// checkFamily returns an error for an unknown family, and for flags that the family does not have.
func (o *options) checkFamily() error {
	if !slices.Contains(families, o.family) {
		return errors.Errorf("-family is %q, want one of %s", o.family, strings.Join(families, ", "))
	}
	for _, name := range []string{"post-norm", "positions", "pooling"} {
		if o.given[name] && o.family != own && !(name == "pooling" && o.family == "modernbert") {
			return errors.Errorf("-%s is %s, family %s has its own: leave the flag out, or use -family %s", name, o.set.Lookup(name).Value, o.family, own)
		}
	}
	return nil
}

// title returns the name of the model's family in a sentence.
func (k kind) title() string {
	if k.family == own {
		return "a classifier"
	}
	return fmt.Sprintf("a classifier of family %s", k.family)
}
