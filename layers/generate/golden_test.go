package generate_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// TestGreedyGolden: with the weights of the golden GPT-2, decoding takes the largest logit of the whole sequence at every step.
func TestGreedyGolden(t *testing.T) {
	dir := shared(t, "golden/gpt2-tiny")
	var m models.GPT
	if err := checkpoints.ReadConfig(dir, &m); err != nil {
		t.Fatal(err)
	}
	params := newParams()
	d, w := decoder(t, params, m, 1), newWhole(t, params, m)
	if err := checkpoints.LoadWeights(dir, params.All(), checkpoints.Rules{}); err != nil {
		t.Fatal(err)
	}
	io, err := checkpoints.Read(filepath.Join(dir, "io.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	ids, steps := io["input_ids"], io["input_ids"].Shape()[1]
	for b := range ids.Shape()[0] {
		var prompt []int32
		for i, id := range ids.Int64s()[b*steps:][:steps] {
			prompt = append(prompt, int32(id))
			want := io["logits"].Float32s()[(b*steps+i)*m.Vocab:][:m.Vocab]
			d.Reset()
			// The golden logits are PyTorch's: float32 sums of some hundred products in another order.
			if diff := distance(append1(t, d, prompt...), want); !(diff <= 1e-5) {
				t.Errorf("prompt of %d tokens: logits differ by %g from PyTorch's", i+1, diff)
			}
		}
		got := mustCollect(t, d, prompt, generate.Options{Tokens: m.Context - steps})
		if want := w.greedy(t, prompt, m.Context-steps); !slices.Equal(got, want) {
			t.Errorf("prompt %d: got %v, want %v", b, got, want)
		}
	}
}

// transliterator is OpenNMT's Transformer for Arabic names in Latin letters, from CTranslate2's tests. Its positions differ from
// models.Seq2Seq, so it shows how to decode your own model.
type transliterator struct{}

// Window implements generate.Model.
func (transliterator) Window() int { return 20 }

// longestName is the largest number of letters in a source.
const longestName = 12

// openNMTPositions adds the sines of all timescales, then the cosines, of the position counted from 1. The timescales run from 1 to
// 10000 inclusive.
type openNMTPositions struct{}

func (openNMTPositions) Forward(s *graph.Scope, x *G.Node, seq layers.Sequence) *G.Node {
	dims := s.Dims(x, 3)
	rows, c := max(dims[1], seq.Context), dims[2]
	table := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(rows, c))
	for p := range rows {
		for i := range c / 2 {
			angle := float64(p+1) * math.Exp(-float64(i)*math.Log(10000)/float64(c/2-1))
			table.Float32s()[p*c+i] = float32(math.Sin(angle))
			table.Float32s()[p*c+c/2+i] = float32(math.Cos(angle))
		}
	}
	n := s.Constant(table)
	if seq.Positions != nil {
		return s.Add(x, s.Try(ops.Embedding(n, seq.Positions))) // (B, T, C)
	}
	return s.Add(x, s.Try(ops.Slice(n, 0, 0, dims[1])))
}

func (transliterator) encode(s *graph.Scope, b int) layers.Memory {
	source, lengths := s.Input("source", tensor.Int32, b, longestName), s.Input("source_lengths", tensor.Int32, b)
	x := layers.Embedding{Vocab: 51, Dim: 32, Scale: true}.Forward(s.In("encoder.embeddings"), source) // (B, S, C)
	x = openNMTPositions{}.Forward(s, x, layers.Sequence{})
	l := layers.EncoderLayer{Heads: 8, Hidden: 128, NormFirst: true, Eps: 1e-6}
	x = layers.Encoder{Layers: 6, Layer: l}.Forward(s.In("encoder"), x, layers.Sequence{Lengths: lengths})
	return layers.Memory{X: x, Lengths: lengths}
}

func (transliterator) decoder() layers.Decoder {
	return layers.Decoder{Layers: 6, Layer: layers.DecoderLayer{Heads: 8, Hidden: 128, NormFirst: true, Eps: 1e-6}}
}

// Remember implements generate.EncoderDecoder.
func (m transliterator) Remember(b int) func(*graph.Scope) {
	return func(s *graph.Scope) { m.decoder().Remember(s.In("decoder"), m.encode(s, b)) }
}

// Decode implements generate.Model.
func (m transliterator) Decode(b, t int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		tokens, last := s.Input("tokens", tensor.Int32, b, t), s.Input("last", tensor.Int32, b)
		memory := layers.Memory{S: longestName, Lengths: s.Input("source_lengths", tensor.Int32, b)}
		seq := layers.DecodeInputs(s, b, t, m.Window())
		x := layers.Embedding{Vocab: 43, Dim: 32, Scale: true}.Forward(s.In("decoder.embeddings"), tokens) // (B, T, C)
		x = openNMTPositions{}.Forward(s, x, seq)
		x = m.decoder().Forward(s.In("decoder"), x, seq, memory)
		x = s.Try(ops.Embedding(s.Try(ops.Reshape(x, b*t, 32)), last)) // (B, C)
		s.Output("logits", layers.Linear{Out: 43}.Forward(s.In("decoder.projection"), x))
	}
}

// ctranslate2 returns the names of CTranslate2's tensors that, stacked along the first axis, form a parameter.
func ctranslate2(name string) []string {
	decodes := strings.HasPrefix(name, "decoder.layers")
	parts := strings.NewReplacer("layers.", "layer_", "self_attn.in_proj_", "self_attention.linear_0.",
		"self_attn.out_proj", "self_attention.linear_1", "multihead_attn.in_proj_", "attention.linear_0.",
		"multihead_attn.out_proj", "attention.linear_2", "linear1", "ffn.linear_0", "linear2", "ffn.linear_1",
		"norm1", "self_attention.layer_norm", "norm3", "ffn.layer_norm",
		"norm2", map[bool]string{true: "attention.layer_norm", false: "ffn.layer_norm"}[decodes])
	file := parts.Replace(name)
	if !strings.Contains(file, "layer_norm") {
		file = strings.ReplaceAll(file, "norm.", "layer_norm.") // the last norms of both stacks
	}
	if strings.Contains(file, "norm") {
		file = strings.NewReplacer(".weight", ".gamma", ".bias", ".beta").Replace(file)
	}
	file = strings.ReplaceAll(file, ".", "/")
	if strings.Contains(name, "multihead_attn.in_proj") {
		return []string{file, strings.Replace(file, "linear_0", "linear_1", 1)} // the queries, and the keys with the values
	}
	return []string{file}
}

// loadTransliterator fills all parameters, and wants every tensor of the file to be used.
func loadTransliterator(t *testing.T, dir string, params *graph.Params) {
	t.Helper()
	file, err := checkpoints.Read(filepath.Join(dir, "model.safetensors"))
	if err != nil {
		t.Fatal(err)
	}
	used := 0
	for name, v := range params.All() {
		var data []float32
		for _, part := range ctranslate2(name) {
			if file[part] == nil {
				t.Fatalf("%s: %s is not in the file", name, part)
			}
			data = append(data, file[part].Float32s()...)
			used++
		}
		if len(data) != v.DataSize() {
			t.Fatalf("%s: got %d numbers for %v", name, len(data), v.Shape())
		}
		copy(v.Float32s(), data)
	}
	if used != len(file) {
		t.Errorf("the parameters use %d tensors, the file has %d", used, len(file))
	}
}

// letters returns the lines of a vocabulary. The number of a line is its id.
func letters(t *testing.T, path string) []string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimRight(string(data), "\n"), "\n")
}

func encode(t *testing.T, vocabulary, text []string) []int32 {
	t.Helper()
	var ids []int32
	for _, l := range text {
		id := slices.Index(vocabulary, l)
		if id < 0 {
			t.Fatalf("%q is not in the vocabulary", l)
		}
		ids = append(ids, int32(id))
	}
	return ids
}

// transliteration is a case of CTranslate2's tests: a name and its expected result, with an optional prefix.
type transliteration struct{ Input, Prefix, Output []string }

// readTransliterations reads the model and its cases.
func readTransliterations(t *testing.T) (params *graph.Params, source, target []string, cases []transliteration) {
	t.Helper()
	dir := shared(t, "models/aren-transliteration")
	data, err := os.ReadFile(filepath.Join(dir, "expected.json"))
	if err != nil {
		t.Fatal(err)
	}
	var expected struct{ Pairs []transliteration }
	if err := json.Unmarshal(data, &expected); err != nil {
		t.Fatal(err)
	}
	params = newParams()
	decoder(t, params, transliterator{}, 1)
	loadTransliterator(t, dir, params)
	source, target = letters(t, filepath.Join(dir, "source_vocabulary.txt")), letters(t, filepath.Join(dir, "target_vocabulary.txt"))
	return params, source, target, expected.Pairs
}

const bos, eos = 1, 2 // of the target's vocabulary

func TestTransliterate(t *testing.T) {
	params, source, target, cases := readTransliterations(t)
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	d := decoder(t, params, transliterator{}, len(cases))
	var sources, prompts, want [][]int32
	for _, c := range cases {
		sources = append(sources, encode(t, source, c.Input))
		prompts = append(prompts, append([]int32{bos}, encode(t, target, c.Prefix)...))
		want = append(want, encode(t, target, c.Output)[len(c.Prefix):])
	}
	if err := d.SetSources(sources); err != nil {
		t.Fatal(err)
	}
	got, err := generate.Batch(d, prompts, generate.Options{Stop: []int32{eos}})
	if err != nil {
		t.Fatal(err)
	}
	for i := range cases {
		if !slices.Equal(got[i], want[i]) {
			t.Errorf("%v greedily: got %v, want %v", cases[i], got[i], want[i])
		}
	}
	for _, width := range []int{1, 2, 4} {
		d := decoder(t, params, transliterator{}, width)
		for i, c := range cases {
			t.Run(fmt.Sprintf("beam %d case %d", width, i), func(t *testing.T) {
				if err := d.SetSources(slices.Repeat([][]int32{sources[i]}, width)); err != nil {
					t.Fatal(err)
				}
				got, err := generate.Beam(d, prompts[i], generate.BeamOptions{Stop: []int32{eos}, LengthPenalty: 1})
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got[0].Tokens, want[i]) {
					t.Errorf("%v: got %v, want %v", c, got, want[i])
				}
			})
		}
	}
}

// TestTransliterationScores compares log-probabilities with a forward pass in plain Python.
func TestTransliterationScores(t *testing.T) {
	params, source, target, _ := readTransliterations(t)
	d := decoder(t, params, transliterator{}, 1)
	for _, c := range []struct {
		input, output string
		score         float64
	}{
		{"آتزمون", "atzmon", -1.06174828}, {"أوليس", "olis", -1.12314796}, {"محمد", "mahmad", -2.11132872},
	} {
		if err := d.SetSources([][]int32{encode(t, source, strings.Split(c.input, ""))}); err != nil {
			t.Fatal(err)
		}
		got, err := generate.Beam(d, []int32{bos}, generate.BeamOptions{Stop: []int32{eos}})
		if err != nil {
			t.Fatal(err)
		}
		// Seven float32 log-probabilities from logits with errors of up to 1e-5.
		if want := encode(t, target, strings.Split(c.output, "")); !slices.Equal(got[0].Tokens, want) || math.Abs(got[0].Score-c.score) > 7e-5 {
			t.Errorf("%s: got %v with score %.6f, want %v with %.6f", c.input, got[0].Tokens, got[0].Score, want, c.score)
		}
	}
}
