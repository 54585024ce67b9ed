package generate_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// longGPT has a window that is no multiple of the tokens of a pass, and weights large enough to tell tokens apart.
var longGPT = models.GPT{Vocab: 29, Context: 150, Layers: 2, Heads: 2, Dim: 16, InitStd: 0.3}

// cacheTolerance bounds the difference of float32 logits with and without a cache: other tiles of the attention and other kernels
// for few rows sum in another order.
const cacheTolerance = 1e-5

// bigram is a model whose next token depends on the last token alone: row i of its table holds the logits after token i. Its
// texts can be computed by hand.
type bigram struct {
	vocab, window int
}

// Decode implements generate.Model.
func (m bigram) Decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, last := s.Input("tokens", tensor.Int32, b, t), s.Input("last", tensor.Int32, b)
		s.Input("positions", tensor.Int32, b, t)
		s.Input("past", tensor.Int32, b)
		table := s.Param("table", graph.Normal(1), m.vocab, m.vocab)
		x := s.Try(ops.Reshape(s.Try(ops.Embedding(table, tokens)), b*t, m.vocab))
		s.Output("logits", s.Try(ops.Embedding(x, last))) // (B, V)
	}
}

// Window implements generate.Model.
func (m bigram) Window() int { return m.window }

// always returns a decoder of one sequence with the same logits after every token.
func always(t testing.TB, logits ...float32) *generate.Decoder {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	d := decoder(t, params, bigram{len(logits), math.MaxInt32}, 1)
	for i := range logits {
		copy(params.Value("table").Float32s()[i*len(logits):], logits)
	}
	return d
}

func decoder(t testing.TB, params *graph.Params, m generate.Model, batch int) *generate.Decoder {
	t.Helper()
	d, err := generate.NewDecoder(params, m, batch)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func newParams() *graph.Params { return graph.NewParams(tensor.Float32, 1) }

func build(t testing.TB, params *graph.Params, mode graph.Mode, declare func(*graph.Scope)) *graph.Program {
	t.Helper()
	p, err := graph.Build(params, mode, declare)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func run(t testing.TB, p *graph.Program, feed graph.Feed) {
	t.Helper()
	if err := p.Run(feed); err != nil {
		t.Fatal(err)
	}
}

// whole computes a GPT's logits without a cache.
type whole struct {
	*graph.Program
	m models.GPT
}

func newWhole(t testing.TB, params *graph.Params, m models.GPT) whole {
	return whole{build(t, params, graph.Eval, m.Logits(1, m.Context)), m}
}

// logits returns the logits after each of the tokens.
func (w whole) logits(t testing.TB, tokens []int32) [][]float32 {
	t.Helper()
	padded := make([]int32, w.m.Context) // no token sees later tokens
	copy(padded, tokens)
	run(t, w.Program, graph.Feed{"tokens": graphtest.Ints(padded, 1, w.m.Context)})
	rows := make([][]float32, len(tokens))
	for i := range rows {
		rows[i] = slices.Clone(w.Output("logits").Float32s()[i*w.m.Vocab:][:w.m.Vocab])
	}
	return rows
}

// next returns the logits after the last of the tokens.
func (w whole) next(t testing.TB, tokens []int32) []float32 {
	return w.logits(t, tokens)[len(tokens)-1]
}

// greedy returns the greedy continuation of n tokens, computed from the whole sequence at each step.
func (w whole) greedy(t testing.TB, prompt []int32, n int) []int32 {
	t.Helper()
	text := slices.Clone(prompt)
	for range n {
		text = append(text, argmax(w.next(t, text)))
	}
	return text[len(prompt):]
}

func argmax(x []float32) int32 {
	best := 0
	for i, v := range x {
		if v > x[best] {
			best = i
		}
	}
	return int32(best)
}

func distance(a, b []float32) float64 {
	worst := 0.0
	for i := range a {
		worst = max(worst, math.Abs(float64(a[i])-float64(b[i])))
	}
	return worst
}

// random returns n random ids below vocab.
func random(key uint64, vocab, n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(kernel.Seed{Key: key}.Uint32(uint64(i)) % uint32(vocab))
	}
	return ids
}

// collect runs Tokens to its end.
func collect(d *generate.Decoder, prompt []int32, o generate.Options) (ids []int32, err error) {
	for id, err := range generate.Tokens(d, prompt, o) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func mustCollect(t testing.TB, d *generate.Decoder, prompt []int32, o generate.Options) []int32 {
	t.Helper()
	ids, err := collect(d, prompt, o)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

// wantError fails the test unless err contains all words.
func wantError(t testing.TB, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("got no error, want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("got error %q, want one with %q", err, w)
		}
	}
}

// shared returns the path of a file or folder in ../shared, next to the project. If it does not exist, the test is skipped.
func shared(t testing.TB, path string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Skip("no go.mod above the working directory")
		}
		dir = up
	}
	found := filepath.Join(dir, "..", "shared", filepath.FromSlash(path))
	if _, err := os.Stat(found); err != nil {
		t.Skipf("no reference data: %v", err)
	}
	return found
}
