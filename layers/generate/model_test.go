package generate_test

import (
	"fmt"
	"log"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/generate"
)

// own is a user's own model: one attention over embeddings, with a tied head.
type own struct{ Vocab, Context, Dim int }

// Forward declares the model: int32 (B, T) → (B, T, V), or (B, V) of the rows in last unless that is nil.
func (m own) Forward(s *graph.Scope, tokens, last *G.Node, seq layers.Sequence) *G.Node {
	embed := layers.Embedding{Vocab: m.Vocab, Dim: m.Dim}
	table := embed.Weight(s.In("embed"))
	x := embed.Lookup(s, table, tokens) // (B, T, C)
	x = layers.LearnedPositions{Max: m.Context}.Forward(s.In("positions"), x, seq)
	x = s.Add(x, layers.SelfAttention{Heads: 2, Causal: true}.Forward(s.In("attention"), x, seq))
	if last != nil {
		dims := s.Dims(x, 3)
		x = s.Try(ops.Reshape(x, dims[0]*dims[1], m.Dim)) // (B·T, C)
		x = s.Try(ops.Embedding(x, last))                 // (B, C)
	}
	return embed.Head(s, table, x)
}

// Decode implements generate.Model.
func (m own) Decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, last := s.Input("tokens", tensor.Int32, b, t), s.Input("last", tensor.Int32, b)
		s.Output("logits", m.Forward(s, tokens, last, layers.DecodeInputs(s, b, t, m.Context)))
	}
}

// Window implements generate.Model.
func (m own) Window() int { return m.Context }

// A model of your own needs two methods to generate text. They use the weights that its Forward was trained with. Here the cached
// decoder agrees with the whole model.
func ExampleModel() {
	m, params := own{Vocab: 10, Context: 6, Dim: 4}, newParams()
	d, err := generate.NewDecoder(params, m, 1)
	if err != nil {
		log.Fatal(err)
	}
	text := []int32{3, 1}
	for id, err := range generate.Tokens(d, text, generate.Options{Tokens: 4}) {
		if err != nil {
			log.Fatal(err)
		}
		text = append(text, id)
	}
	whole, err := graph.Build(params, graph.Eval, func(s *graph.Scope) {
		s.Output("logits", m.Forward(s, s.Input("tokens", tensor.Int32, 1, m.Context), nil, layers.Sequence{}))
	})
	if err != nil {
		log.Fatal(err)
	}
	err = whole.Run(graph.Feed{"tokens": tensor.New(tensor.WithShape(1, m.Context), tensor.WithBacking(text[:m.Context]))})
	if err != nil {
		log.Fatal(err)
	}
	logits := whole.Output("logits").Float32s() // (1, T, V)
	agree := true
	for i, next := range text[2:] {
		for _, x := range logits[(i+1)*m.Vocab : (i+2)*m.Vocab] {
			agree = agree && x <= logits[(i+1)*m.Vocab+int(next)]
		}
	}
	fmt.Println(len(text), "tokens, the most likely each time:", agree)
	// Output: 6 tokens, the most likely each time: true
}
