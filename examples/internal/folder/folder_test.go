package folder_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/folder"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/generate"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// shared returns the path of a file or folder of ../shared, and skips the test if it is missing.
func shared(t testing.TB, path string) string {
	t.Helper()
	found := filepath.Join("..", "..", "..", "..", "shared", filepath.FromSlash(path))
	if _, err := os.Stat(found); err != nil {
		t.Skipf("no reference data: %v", err)
	}
	return found
}

// greedy opens a folder and generates text by the most likely tokens.
func greedy(t testing.TB, dir, prompt string) (text string, m folder.Model, err error) {
	t.Helper()
	if m, err = folder.Open(dir); err != nil {
		return "", m, err
	}
	tok, err := tokenize.Load(dir)
	check(t, err)
	tok.Bare = true
	params := graph.NewParams(tensor.Float32, 1)
	d, err := generate.NewDecoder(params, m, 1)
	check(t, err)
	if err := folder.Load(dir, m, params.All()); err != nil {
		return "", m, err
	}
	ids, err := tok.Encode(prompt)
	check(t, err)
	o := generate.Options{Stop: m.EOS, Bias: folder.Allow(nil, tok, m.Vocab)}
	for part, err := range generate.Text(generate.Tokens(d, ids, o), tok.Stream()) {
		if err != nil {
			return text, m, err
		}
		text += part
	}
	return text, m, nil
}

// TestPublished opens folders as other programs write them.
func TestPublished(t *testing.T) {
	for _, dir := range []string{"weights/gpt-untied", "weights/gpt-compiled", "weights/cfg-bom", "weights/cfg-eoslist", "weights/sh-float"} {
		t.Run(dir, func(t *testing.T) {
			text, m, err := greedy(t, shared(t, "faults/"+dir), "abc")
			check(t, err)
			if dir == "weights/gpt-untied" && !strings.HasPrefix("abc"+text, "abcddd") {
				t.Errorf("got %q after abc, want PyTorch's abcddd", text)
			}
			if !slices.Equal(m.EOS, []int32{10}) {
				t.Errorf("got EOS %v, want 10", m.EOS)
			}
		})
	}
	_, _, err := greedy(t, shared(t, "faults/weights/gpt-binonly"), "abc")
	if err == nil || !strings.Contains(err.Error(), "pytorch_model.bin") {
		t.Errorf("got error %v, want one that names pytorch_model.bin", err)
	}
}

// TestPadded: with more rows in the vocabulary than tokens, only tokens are generated.
func TestPadded(t *testing.T) {
	dir := shared(t, "faults/folders/padded")
	tok, err := tokenize.Load(dir)
	check(t, err)
	for _, prompt := range []string{"a", "b", "c", "ab", "abc", "cab", "d"} {
		if _, _, err := greedy(t, dir, prompt); err != nil {
			t.Errorf("%s: %v", prompt, err)
		}
	}
	m, err := folder.Open(dir)
	check(t, err)
	if got := folder.Allow(nil, tok, m.Vocab); len(got) != m.Vocab-tok.VocabSize() {
		t.Errorf("got %v, want the %d rows from %d on", got, m.Vocab-tok.VocabSize(), tok.VocabSize())
	}
	params := graph.NewParams(tensor.Float32, 1)
	d, err := generate.NewDecoder(params, m, 3)
	check(t, err)
	check(t, folder.Load(dir, m, params.All()))
	bias, tokens := folder.Allow(nil, tok, m.Vocab), [][]int32(nil)
	tokens, err = generate.Batch(d, [][]int32{{1}, {2}, {3}}, generate.Options{Temperature: 5, Bias: bias})
	check(t, err)
	beams, err := generate.Beam(d, []int32{1}, generate.BeamOptions{Bias: bias})
	check(t, err)
	for _, h := range beams {
		tokens = append(tokens, h.Tokens)
	}
	for _, ids := range tokens {
		if _, err := tok.Decode(ids); err != nil {
			t.Error(err)
		}
	}
}

var small = models.GPT{Vocab: 7, Context: 6, Layers: 2, Heads: 2, Dim: 8, InitStd: 0.3, BOS: []int32{0}, EOS: []int32{0, 3}}

// saved declares a model's parameters and saves them under other names, with more tensors.
func saved(t *testing.T, m models.LanguageModel, rename func(string) string, more map[string]*tensor.Dense) (dir string, params *graph.Params) {
	t.Helper()
	params, dir = graph.NewParams(tensor.Float32, 7), t.TempDir()
	_, err := graph.Build(params, graph.Eval, m.Logits(1, 4))
	check(t, err)
	check(t, checkpoints.SaveModel(dir, checkpoints.Model{Config: m, Weights: func(yield func(string, *tensor.Dense) bool) {
		for name, x := range params.All() {
			if !yield(rename(name), x) {
				return
			}
		}
		for name, x := range more {
			if !yield(name, x) {
				return
			}
		}
	}}))
	return dir, params
}

// untied reports whether the head has its own weights.
func untied(m models.Model) bool {
	head, _ := m.Tied()
	return head == ""
}

func logits(t *testing.T, m models.LanguageModel, params *graph.Params) []float32 {
	t.Helper()
	p, err := graph.Build(params, graph.Eval, m.Logits(1, 4))
	check(t, err)
	check(t, p.Run(graph.Feed{"tokens": tensor.New(tensor.WithShape(1, 4), tensor.WithBacking([]int32{1, 2, 3, 4}))}))
	return slices.Clone(p.Output("logits").Float32s())
}

// TestOpens saves one model in every layout of GPT-2 files. Each opens and gives the same logits.
func TestOpens(t *testing.T) {
	mask := tensor.New(tensor.Of(tensor.Bool), tensor.WithShape(1, 1, 6, 6))
	for _, own := range []bool{false, true} {
		for _, prefix := range []string{"", "transformer.", "_orig_mod.transformer.", "module.transformer."} {
			m := small
			m.Untied = own
			rename := func(name string) string {
				if name == "lm_head.weight" {
					return strings.TrimSuffix(prefix, "transformer.") + name
				}
				return prefix + name
			}
			more := map[string]*tensor.Dense{prefix + "h.0.attn.bias": mask, prefix + "h.1.attn.masked_bias": tensor.New(tensor.WithBacking([]float32{-1e4}))}
			dir, params := saved(t, m, rename, more)
			got, err := folder.Open(dir)
			check(t, err)
			if untied(got) != own || !slices.Equal(got.EOS, m.EOS) || !slices.Equal(got.BOS, m.BOS) {
				t.Errorf("%s: got %+v, want %+v", prefix, got, m)
			}
			fresh := graph.NewParams(tensor.Float32, 1)
			_, err = graph.Build(fresh, graph.Eval, got.Logits(1, 4))
			check(t, err)
			check(t, folder.Load(dir, got, fresh.All()))
			if have, want := logits(t, got, fresh), logits(t, m, params); !slices.Equal(have, want) {
				t.Errorf("%s, untied %t: got logits %v, want %v", prefix, own, have, want)
			}
		}
	}
}

// TestTiedFileWithHead: the file of a tied model also holds the head. The model stays tied if both are equal, and is untied if they
// differ, as in transformers 5.
func TestTiedFileWithHead(t *testing.T) {
	_, params := saved(t, small, func(name string) string { return name }, nil)
	equal := params.Value("wte.weight").Clone().(*tensor.Dense)
	other := equal.Clone().(*tensor.Dense)
	other.Float32s()[3]++
	for _, c := range []struct {
		head   *tensor.Dense
		untied bool
	}{{equal, false}, {other, true}} {
		dir, _ := saved(t, small, func(name string) string { return "transformer." + name }, map[string]*tensor.Dense{"lm_head.weight": c.head})
		m, err := folder.Open(dir)
		check(t, err)
		fresh := graph.NewParams(tensor.Float32, 1)
		_, err = graph.Build(fresh, graph.Eval, m.Logits(1, 4))
		check(t, err)
		check(t, folder.Load(dir, m, fresh.All()))
		if untied(m) != c.untied {
			t.Errorf("got untied %t, want %t", untied(m), c.untied)
		}
		if c.untied && !slices.Equal(fresh.Value("lm_head.weight").Float32s(), other.Float32s()) {
			t.Error("the head of the file is not read")
		}
	}
}

// TestHeadAlone: a file may hold a tied matrix only under the name of the head.
func TestHeadAlone(t *testing.T) {
	dir, params := saved(t, small, func(name string) string {
		if name == "wte.weight" {
			return "lm_head.weight"
		}
		return "transformer." + name
	}, nil)
	m, err := folder.Open(dir)
	check(t, err)
	fresh, err := folder.Expect(dir, m)
	check(t, err)
	_, err = graph.Build(fresh, graph.Eval, m.Logits(1, 4))
	check(t, err)
	check(t, folder.Load(dir, m, fresh.All()))
	if have, want := logits(t, m, fresh), logits(t, small, params); !slices.Equal(have, want) {
		t.Errorf("got logits %v, want %v", have, want)
	}
}

// TestRefused: the error names every difference between the folder and the model.
func TestRefused(t *testing.T) {
	odd := map[string]*tensor.Dense{"h.0.attn.q_norm.weight": tensor.New(tensor.WithBacking([]float32{1}))}
	dir, _ := saved(t, small, func(name string) string { return strings.Replace(name, "ln_f", "norm", 1) }, odd)
	m, err := folder.Open(dir)
	check(t, err)
	longer := m.LanguageModel.(models.GPT)
	longer.Context++
	m.LanguageModel = longer
	fresh := graph.NewParams(tensor.Float32, 1)
	_, err = graph.Build(fresh, graph.Eval, m.Logits(1, 4))
	check(t, err)
	err = folder.Load(dir, m, fresh.All())
	for _, want := range []string{"2 missing", "ln_f.weight", "3 unexpected", "norm.bias", "h.0.attn.q_norm.weight", "wpe.weight (shape [6 8] in the file, [7 8] in memory)"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got error %v, want %q in it", err, want)
		}
	}
}

// TestGenerationConfig: ids in generation_config.json override the ids in config.json.
func TestGenerationConfig(t *testing.T) {
	dir, _ := saved(t, small, func(name string) string { return name }, nil)
	for text, want := range map[string][]int32{
		`{"eos_token_id": [5, 0]}`: {5, 0}, `{"eos_token_id": 4}`: {4}, `{"eos_token_id": null}`: {0, 3}, "\ufeff{}": {0, 3}, `{"temperature": 0.6}`: {0, 3},
	} {
		check(t, os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(text), 0o666))
		m, err := folder.Open(dir)
		check(t, err)
		if !slices.Equal(m.EOS, want) || !slices.Equal(m.BOS, []int32{0}) {
			t.Errorf("%s: got BOS %v and EOS %v, want 0 and %v", text, m.BOS, m.EOS, want)
		}
	}
	check(t, os.WriteFile(filepath.Join(dir, "generation_config.json"), []byte(`{"eos_token_id": "end"}`), 0o666))
	if _, err := folder.Open(dir); err == nil || !strings.Contains(err.Error(), "eos_token_id") || !strings.Contains(err.Error(), "generation_config.json") {
		t.Errorf("got error %v, want one that names eos_token_id and the file", err)
	}
}

// TestGapsAreForbidden: ids in the gaps of a vocabulary are forbidden.
func TestGapsAreForbidden(t *testing.T) {
	file := map[string]any{
		"version": "1.0", "added_tokens": []any{}, "normalizer": nil, "pre_tokenizer": nil, "post_processor": nil, "decoder": nil,
		"model": map[string]any{"type": "WordLevel", "unk_token": "<unk>", "vocab": map[string]int{"<unk>": 0, "a": 2, "b": 5}},
	}
	text, err := json.Marshal(file)
	check(t, err)
	dir := t.TempDir()
	check(t, os.WriteFile(filepath.Join(dir, "tokenizer.json"), text, 0o666))
	tok, err := tokenize.Load(dir)
	if err != nil {
		t.Skipf("vocabularies with gaps do not load: %v", err)
	}
	got := folder.Allow(nil, tok, 8)
	for id := range int32(8) {
		_, forbidden := got[id]
		if want := !slices.Contains([]int32{0, 2, 5}, id); forbidden != want || forbidden && !math.IsInf(float64(got[id]), -1) {
			t.Errorf("token %d: forbidden %t, want %t", id, forbidden, want)
		}
	}
}
