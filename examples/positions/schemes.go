package main

import (
	"math"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// scheme is a way to know the order of tokens.
type scheme struct {
	name, title string
	positions   string // in models.GPT; schemes with the same positions share the trained model
	yarn        bool   // read with YaRN's frequencies for the length of the window
}

// all lists the schemes in the order of the report.
var all = schemes{
	{name: "learned", title: "learned", positions: "learned"},
	{name: "sinusoid", title: "sinusoid", positions: "sinusoidal"},
	{name: "rope", title: "RoPE", positions: "rope"},
	{name: "yarn", title: "RoPE+YaRN", positions: "rope", yarn: true},
	{name: "t5", title: "T5", positions: "t5"},
	{name: "alibi", title: "ALiBi", positions: "alibi"},
	{name: "shaw", title: "Shaw", positions: "shaw"},
	{name: "none", title: "NoPE", positions: "none"},
}

// schemes is a flag of comma-separated names.
type schemes []scheme

// String implements flag.Value.
func (s *schemes) String() string {
	var names []string
	for _, one := range *s {
		names = append(names, one.name)
	}
	return strings.Join(names, ",")
}

// Set implements flag.Value. The schemes keep the order of all, whatever the order of the names.
func (s *schemes) Set(list string) error {
	var names []string
	for name := range strings.SplitSeq(list, ",") {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	for _, name := range names {
		if !slices.ContainsFunc(all, func(one scheme) bool { return one.name == name }) {
			return errors.Errorf("no scheme %q, want some of %v", name, &all)
		}
	}
	if len(names) == 0 {
		return errors.Errorf("it names no scheme, want some of %v", &all)
	}
	*s = nil
	for _, one := range all {
		if slices.Contains(names, one.name) {
			*s = append(*s, one)
		}
	}
	return nil
}

// groups returns the schemes that share a trained model.
func (s schemes) groups() (groups [][]scheme) {
	for i, one := range s {
		if i > 0 && s[i-1].positions == one.positions {
			groups[len(groups)-1] = append(groups[len(groups)-1], one)
		} else {
			groups = append(groups, []scheme{one})
		}
	}
	return groups
}

// folder returns the name of the trained model's folder: the name of the first scheme with these positions.
func (s scheme) folder() string {
	return all[slices.IndexFunc(all, func(one scheme) bool { return one.positions == s.positions })].name
}

// model returns the GPT of a scheme, to read windows of length tokens.
func (o *options) model(s scheme, vocab, length int) models.GPT {
	m := models.GPT{
		Vocab: vocab, Context: o.context, Layers: o.layers, Heads: o.heads, Dim: o.dim, Positions: s.positions,
		InitStd: 0.72 / math.Sqrt(float64(o.dim)), // a small model learns much more slowly with GPT-2's 0.02
	}
	switch {
	case s.positions == "sinusoidal":
		m.Scale = true // as in the paper; else the sinusoids drown the embeddings
	case s.positions == "t5":
		m.Scheme.T5 = layers.T5Bias{Buckets: min(32, o.distance()), MaxDistance: o.distance()}
	case s.yarn && length > o.context:
		m.Scheme.RoPE = layers.RoPE{Theta: 10000, Scaling: layers.RoPEScaling{
			Kind: layers.RoPEYaRN, Factor: float64(length) / float64(o.context), Original: o.context,
		}}
	}
	return m
}
