package models_test

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// TestFrozen freezes each parameter alone, all but each, the parts that people freeze, and random halves. The gradients of the other
// parameters must keep their bits, and the work must not grow.
func TestFrozen(t *testing.T) {
	gpt, untied, pre := smallGPT, smallGPT, smallSeq2Seq
	untied.Untied = true
	pre.NormFirst = true
	type frozenCase struct {
		declare func(*graph.Scope)
		feed    graph.Feed
		some    bool // try only some of the parameters alone
	}
	cases := map[string]frozenCase{
		"GPT":              {gpt.Loss(2, 5), windows(gpt, 2, 5), false},
		"GPT untied":       {untied.Loss(2, 5), windows(untied, 2, 5), true},
		"Seq2Seq":          {smallSeq2Seq.Loss(2, 5, 4), pairs(smallSeq2Seq, 5, 4), false},
		"Seq2Seq pre-norm": {pre.Loss(2, 5, 4), pairs(pre, 5, 4), true},
	}
	for name, m := range languageModels() {
		if name == "GPT, t5" || name == "GPT, shaw" || name == "gemma3_text" {
			cases[name] = frozenCase{m.Loss(2, 5), graph.Feed{"tokens": tokens(1, vocabOf(m), 2, 5), "targets": tokens(2, vocabOf(m), 2, 5)}, true}
		}
	}
	for name, m := range textEncoders() {
		if sweep.All() || name == "BERT" || name == "ModernBERT" {
			cases[name] = frozenCase{m.Loss(3, 5), texts(m, 5), true}
		}
	}
	for name, m := range cases {
		t.Run(name, func(t *testing.T) {
			params := graph.NewParams(tensor.Float32, 1)
			f := frozen{params: params, declare: m.declare, feed: m.feed}
			f.want, f.work = f.gradients(t)
			for _, patterns := range [][]string{
				{"src_embed.**", "transformer.encoder.**", "transformer.decoder.layers.*.multihead_attn.in_proj_*"},
				{"src_embed.**", "transformer.encoder.**"}, {"transformer.decoder.**"}, {"h.**"}, {"h.*.attn.**"}, {"wte.**", "wpe.**"},
				{"bert.embeddings.**"}, {"roberta.encoder.**"}, {"bert.encoder.layer.0.**", "bert.embeddings.**"}, {"model.embeddings.**", "model.layers.*.attn.**"}, {"model.**"},
			} {
				if f.matches(patterns) {
					f.check(t, func(path string) bool { return params.Frozen(path) }, patterns...)
				}
			}
			for i, name := range f.names() {
				if some := m.some || !sweep.All(); i%4 > 0 && some || i%8 > 0 && !sweep.All() {
					continue
				}
				f.check(t, func(path string) bool { return path == name })
				f.check(t, func(path string) bool { return path != name })
				if i%4 > 0 {
					continue
				}
				f.check(t, func(path string) bool {
					return kernel.Seed{Key: uint64(i), Stream: kernel.Key(0, path)}.Uint32(0)%2 == 0
				})
			}
		})
	}
}

// matches reports whether a weight matches one of the patterns.
func (f frozen) matches(patterns []string) bool {
	n := 0
	for _, p := range patterns {
		n += f.params.Freeze(p)
		f.params.Unfreeze(p)
	}
	return n > 0
}

// frozen is a model with its gradients and work when all parameters are trained.
type frozen struct {
	params  *graph.Params
	declare func(*graph.Scope)
	feed    graph.Feed
	want    map[string][]float32
	work    int
}

func (f frozen) gradients(t *testing.T) (map[string][]float32, int) {
	t.Helper()
	p := build(t, f.params, graph.Train, f.declare)
	profile, err := p.Profile(func() error { return p.Run(f.feed) })
	if err != nil {
		t.Fatal(err)
	}
	work, grads := 0, map[string][]float32{}
	for _, c := range profile.ByOp {
		work += c.FLOPs
	}
	for _, w := range p.Weights() {
		g, _ := w.Grad()
		grads[w.Name()] = slices.Clone(g.(*tensor.Dense).Float32s())
	}
	return grads, work
}

func (f frozen) names() (names []string) {
	for name := range f.params.All() {
		names = append(names, name)
	}
	return names
}

// check freezes the parameters that match patterns or for which is returns true.
func (f frozen) check(t *testing.T, is func(path string) bool, patterns ...string) {
	t.Helper()
	f.params.Unfreeze("**")
	for _, p := range patterns {
		f.params.Freeze(p)
	}
	var set []string
	for _, name := range f.names() {
		if is(name) {
			f.params.Freeze(name)
			set = append(set, name)
		}
	}
	if len(set) == len(f.names()) {
		return
	}
	got, work := f.gradients(t)
	if len(got) != len(f.want)-len(set) || work > f.work {
		t.Errorf("%v frozen: %d gradients and %d FLOPs, of %d and %d", set, len(got), work, len(f.want), f.work)
	}
	for name, g := range got {
		if !slices.Equal(g, f.want[name]) {
			t.Errorf("%v frozen: gradient of %s differs", set, name)
		}
	}
}
