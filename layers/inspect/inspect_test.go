package inspect_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// sample is a small model with an input and the number of values that Read must find.
type sample struct {
	model                                   any
	in                                      inspect.Input
	logits                                  func(*graph.Scope) // the declaration to compare with; nil if it needs other inputs
	vectors, positions, streams, attentions int
}

func samples() map[string]sample {
	ids := []int32{1, 5, 2, 7, 7}
	gpt := models.GPT{Vocab: 11, Context: 8, Layers: 2, Heads: 2, Dim: 8}
	rope := models.GPT{Vocab: 11, Context: 8, Layers: 1, Heads: 2, Dim: 8, Positions: "rope"}
	shaw := models.GPT{Vocab: 11, Context: 8, Layers: 1, Heads: 2, Dim: 8, Positions: "shaw"}
	t5 := models.GPT{Vocab: 11, Context: 8, Layers: 2, Heads: 2, Dim: 8, Positions: "t5"}
	llama := models.Llama{Vocab: 11, Context: 8, Layers: 3, Heads: 4, KVHeads: 2, Dim: 16, Hidden: 24}
	bert := models.BERT{Vocab: 11, Context: 8, Layers: 2, Heads: 2, Dim: 8, Types: 2, Head: "mlm"}
	pairs := models.Seq2Seq{SourceVocab: 11, TargetVocab: 9, EncoderLayers: 1, DecoderLayers: 2, Heads: 2, Dim: 8, Hidden: 16, NormFirst: true}
	vit := models.ViT{Size: 4, Patch: 2, Channels: 1, Layers: 2, Heads: 2, Dim: 8, Labels: []string{"a", "b"}}
	classes := models.Classifier{Vocab: 11, Context: 8, Layers: 2, Heads: 2, Dim: 8, Labels: []string{"a", "b"}, NormFirst: true}
	headless := models.BERT{Vocab: 11, Context: 8, Layers: 1, Heads: 2, Dim: 8, Head: "none"}
	modern := models.ModernBERT{Vocab: 11, Context: 8, Layers: 2, Heads: 2, Dim: 8, Head: "classifier", Labels: []string{"a", "b"}}
	roberta := models.BERT{Family: "roberta", Vocab: 11, Context: 8, Layers: 1, Heads: 2, Dim: 8}
	rnn := models.RNN{Vocab: 11, Context: 8, Layers: 1, Dim: 8}
	tokens5 := models.T5{Vocab: 11, EncoderLayers: 1, DecoderLayers: 1, Heads: 2, Dim: 8}
	items := models.SASRec{Items: 10, Context: 8, Layers: 2, Heads: 2, Dim: 8}
	packed := items
	packed.Masked = true
	return map[string]sample{
		"gpt":        {gpt, inspect.Input{Tokens: ids}, gpt.Logits(1, 5), 1, 1, 3, 2},
		"rope":       {rope, inspect.Input{Tokens: ids}, rope.Logits(1, 5), 1, 0, 1, 1},
		"shaw":       {shaw, inspect.Input{Tokens: ids}, shaw.Logits(1, 5), 1, 0, 1, 1},
		"t5":         {t5, inspect.Input{Tokens: ids}, t5.Logits(1, 5), 1, 0, 2, 2},
		"llama":      {llama, inspect.Input{Tokens: ids}, llama.Logits(1, 5), 1, 0, 3, 3},
		"bert":       {bert, inspect.Input{Tokens: ids}, nil, 1, 1, 3, 2},
		"seq2seq":    {pairs, inspect.Input{Tokens: ids, Source: ids[:3]}, nil, 2, 2, 5, 5},
		"vit":        {vit, inspect.Input{Pixels: make([]float32, 16)}, nil, 1, 1, 3, 2},
		"classifier": {classes, inspect.Input{Tokens: ids}, nil, 1, 1, 3, 2},
		"headless":   {headless, inspect.Input{Tokens: ids}, nil, 1, 1, 2, 1},
		"modernbert": {modern, inspect.Input{Tokens: ids}, nil, 1, 0, 2, 2},
		"roberta":    {roberta, inspect.Input{Tokens: ids}, nil, 1, 1, 2, 1},
		"rnn":        {rnn, inspect.Input{Tokens: ids}, rnn.Logits(1, 5), 1, 0, 0, 0},
		"tokens5":    {tokens5, inspect.Input{Tokens: ids, Source: ids[:3]}, nil, 2, 0, 2, 3},
		"sasrec":     {items, inspect.Input{Tokens: ids}, nil, 1, 0, 0, 2},
		"packed":     {packed, inspect.Input{Tokens: ids}, nil, 2, 0, 0, 2},
	}
}

func newParams() *graph.Params { return graph.NewParams(tensor.Float32, 1) }

// TestRead: Read finds all values, the probabilities of every query sum to 1, and the logits are those of the model.
func TestRead(t *testing.T) {
	for name, c := range samples() {
		t.Run(name, func(t *testing.T) {
			params := newParams()
			r, err := inspect.New(params, c.model).Read(c.in)
			if err != nil {
				t.Fatal(err)
			}
			got := []int{len(r.Vectors), len(r.Positions), len(r.Streams), len(r.Attentions)}
			if want := []int{c.vectors, c.positions, c.streams, c.attentions}; !slices.Equal(got, want) {
				t.Errorf("got %v vectors, positions, streams and attentions, want %v", got, want)
			}
			for _, a := range r.Attentions {
				if (strings.Contains(a.Path, "multihead_attn") || strings.Contains(a.Path, "EncDec")) != a.Cross {
					t.Errorf("%s: cross is %t", a.Path, a.Cross)
				}
				for h := range a.Heads {
					m := a.Of(h)
					for i := range m.Rows {
						if sum := total(m.Row(i)); math.Abs(sum-1) > 1e-5 {
							t.Errorf("%s: head %d: the probabilities of query %d sum to %g", a.Path, h, i, sum)
						}
					}
				}
			}
			if c.logits == nil {
				return
			}
			p, err := graph.Build(params, graph.Eval, c.logits)
			if err != nil {
				t.Fatal(err)
			}
			if err := p.Run(graph.Feed{"tokens": tensor.New(tensor.WithShape(1, 5), tensor.WithBacking(c.in.Tokens))}); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(r.Logits.Values, p.Output("logits").Float32s()) {
				t.Error("the logits are not the model's")
			}
		})
	}
}

// TestHead: the softmax of the scores is the probabilities, and the scores are products of queries and keys.
func TestHead(t *testing.T) {
	for name, c := range samples() {
		t.Run(name, func(t *testing.T) {
			x := inspect.New(newParams(), c.model)
			r, err := x.Read(c.in)
			if err != nil {
				t.Fatal(err)
			}
			for _, a := range r.Attentions {
				for h := range a.Heads {
					head, err := x.Head(c.in, a.Path, h)
					if err != nil {
						t.Fatal(err)
					}
					if !slices.Equal(head.Probabilities.Values, a.Of(h).Values) {
						t.Errorf("%s: head %d has other probabilities than in Read", a.Path, h)
					}
					for i := range a.T {
						near(t, fmt.Sprintf("%s: head %d: query %d", a.Path, h, i), softmax(head.Scores.Row(i)), head.Probabilities.Row(i))
						for j, s := range head.Scores.Row(i) {
							if want := dot(head.Query.Row(i), head.Key.Row(j)) / math.Sqrt(float64(head.Query.Cols)); name != "t5" && name != "tokens5" && name != "shaw" && !math.IsInf(float64(s), -1) && math.Abs(float64(s)-want) > 1e-5 {
								t.Errorf("%s: head %d: score of query %d and key %d is %g, want %g", a.Path, h, i, j, s, want)
							}
						}
					}
				}
			}
			if len(r.Attentions) > 0 {
				a := r.Attentions[0]
				_, err := x.Head(c.in, a.Path, a.Heads)
				if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("0 … %d, not %d", a.Heads-1, a.Heads)) {
					t.Errorf("got error %v, want one that names the heads", err)
				}
			}
		})
	}
}

// TestLens: after the last block the lens shows the model's logits.
func TestLens(t *testing.T) {
	for _, name := range []string{"gpt", "rope", "llama"} {
		c := samples()[name]
		x := inspect.New(newParams(), c.model)
		r, err := x.Read(c.in)
		if err != nil {
			t.Fatal(err)
		}
		last, err := x.Lens(r.Streams[len(r.Streams)-1])
		if err != nil {
			t.Fatal(err)
		}
		near(t, name, last.Values, r.Logits.Values)
		if first, err := x.Lens(r.Streams[0]); err != nil || len(r.Streams) > 1 && slices.Equal(first.Values, r.Logits.Values) {
			t.Errorf("%s: the lens after the first stream gives the logits, error %v", name, err)
		}
	}
}

// TestVocabulary: neighbours are ordered by cosine, and the map keeps two groups apart.
func TestVocabulary(t *testing.T) {
	m := inspect.Matrix{Rows: 6, Cols: 3, Values: []float32{1, 0, 0, 0.9, 0.1, 0, 1, 0.05, 0.1, -1, 0, 0, -0.9, 0.1, 0, 0, 0, 0}}
	n, err := m.Nearest(0, 3)
	if err != nil || n[0].ID != 1 || n[1].ID != 2 || n[2].ID != 5 || n[2].Cosine != 0 {
		t.Errorf("got %v and error %v, want ids 1, 2, 5", n, err)
	}
	if _, err := m.Nearest(6, 1); err == nil || !strings.Contains(err.Error(), "row 6") {
		t.Errorf("got error %v, want one that names row 6", err)
	}
	p, err := m.Map()
	if err != nil || p.Rows != 6 || p.Cols != 2 {
		t.Fatalf("got %d × %d and error %v, want 6 × 2", p.Rows, p.Cols, err)
	}
	sign := func(i int) bool { return p.Row(i)[0] > 0 }
	if sign(0) != sign(1) || sign(0) != sign(2) || sign(0) == sign(3) || sign(3) != sign(4) {
		t.Errorf("the map mixes the groups: %v", p.Values)
	}
}

// TestCopy: a copy of the weights reads like the original, and later changes do not reach it.
func TestCopy(t *testing.T) {
	c := samples()["gpt"]
	params, other := newParams(), graph.NewParams(tensor.Float32, 2)
	x, y := inspect.New(params, c.model), inspect.New(other, c.model)
	want, err := x.Read(c.in)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := y.Read(c.in); err != nil {
		t.Fatal(err)
	}
	if err := inspect.Copy(other, params); err != nil {
		t.Fatal(err)
	}
	clear(params.Value("wte.weight").Float32s())
	if got, err := y.Read(c.in); err != nil || !slices.Equal(got.Logits.Values, want.Logits.Values) {
		t.Errorf("the copy reads otherwise, error %v", err)
	}
	if err := inspect.Copy(newParams(), params); err == nil {
		t.Error("a copy to a model without weights gives no error")
	}
}

// TestReadErrors: wrong inputs give one error that names them.
func TestReadErrors(t *testing.T) {
	gpt, pairs, vit := samples()["gpt"].model, samples()["seq2seq"].model, samples()["vit"].model
	for _, c := range []struct {
		model any
		in    inspect.Input
		want  string
	}{
		{gpt, inspect.Input{}, "0 tokens"},
		{gpt, inspect.Input{Pixels: []float32{1}}, "1 pixels"},
		{gpt, inspect.Input{Tokens: []int32{11}}, "11"},
		{gpt, inspect.Input{Tokens: make([]int32, 9)}, "9 tokens"},
		{pairs, inspect.Input{Tokens: []int32{1}}, "source"},
		{vit, inspect.Input{Pixels: []float32{1}}, "want 16"},
		{"text", inspect.Input{Tokens: []int32{1}}, "string"},
	} {
		if _, err := inspect.New(newParams(), c.model).Read(c.in); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%T, %v: got error %v, want %q in it", c.model, c.in, err, c.want)
		}
	}
}

func total(x []float32) (sum float64) {
	for _, v := range x {
		sum += float64(v)
	}
	return sum
}

func dot(a, b []float32) (sum float64) {
	for i, v := range a {
		sum += float64(v) * float64(b[i])
	}
	return sum
}

func softmax(scores []float32) []float32 {
	p := make([]float32, len(scores))
	sum := 0.0
	for _, s := range scores {
		sum += math.Exp(float64(s))
	}
	for i, s := range scores {
		p[i] = float32(math.Exp(float64(s)) / sum)
	}
	return p
}

func near(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i, w := range want {
		if math.Abs(float64(got[i]-w)) > 1e-5 {
			t.Errorf("%s: element %d: got %g, want %g", what, i, got[i], w)
			return
		}
	}
}
