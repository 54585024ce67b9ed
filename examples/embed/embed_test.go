package main

import (
	"bytes"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

const tokenizer = `{"version": "1.0", "normalizer": {"type": "Lowercase"}, "pre_tokenizer": {"type": "Whitespace"}, "post_processor": {
	"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
	{"SpecialToken": {"id": "[SEP]", "type_id": 0}}], "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}}],
	"special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]}, "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}},
	"model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "max_input_chars_per_word": 100, "vocab": {
	"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "the": 4, "cat": 5, "dog": 6, "sleeps": 7, "barks": 8, "on": 9, "mat": 10}}}`

// saved makes the folder of a model with random weights.
func saved(t *testing.T, m models.TextEncoder) string {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	if _, err := graph.Build(params, graph.Eval, m.Logits(1, 2)); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "model")
	files := map[string][]byte{"tokenizer.json": []byte(tokenizer)}
	if err := checkpoints.SaveModel(dir, checkpoints.Model{Config: m, Weights: params.All(), Files: files}); err != nil {
		t.Fatal(err)
	}
	return dir
}

var bert = models.BERT{Vocab: 11, Context: 12, Layers: 1, Heads: 2, Dim: 8, Types: 1, InitStd: 0.5}

func run(t *testing.T, args ...string) string {
	t.Helper()
	var w bytes.Buffer
	if err := program(&w).Run(args, &w); err != nil {
		t.Fatal(err)
	}
	return w.String()
}

// TestNearest: a sentence of the file is its own nearest neighbour, in batches of every size, and in models of every family and head.
func TestNearest(t *testing.T) {
	roberta, classifier := bert, bert
	roberta.Family, roberta.PAD = "roberta", []int32{0}
	classifier.Head, classifier.Labels = "classifier", []string{"no", "yes"}
	modern := models.ModernBERT{Vocab: 11, Context: 12, Layers: 2, Heads: 2, Dim: 8, Local: 4, InitStd: 0.5}
	sentences := []string{"the cat sleeps on the mat", "The dog barks", "the dog sleeps on the dog on the cat on the mat on the dog", "mat", "cat dog"}
	data := filepath.Join(t.TempDir(), "data.txt")
	if err := os.WriteFile(data, []byte(strings.Join(sentences, "\n\n")), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, m := range map[string]models.TextEncoder{"bert": bert, "roberta": roberta, "classifier": classifier, "modernbert": modern} {
		dir, results := saved(t, m), map[string]bool{}
		for _, batch := range []string{"1", "2", "3", "5", "100"} {
			all := ""
			for _, s := range sentences {
				got := run(t, "-model", dir, "-data", data, "-text", s, "-batch", batch, "-nearest", "3")
				if !strings.HasPrefix(got, "1.0000\t"+s+"\n") || strings.Count(got, "\n") != 3 {
					t.Errorf("%s, batch %s: %q: got %q", name, batch, s, got)
				}
				all += got
			}
			results[all] = true
		}
		if len(results) != 1 {
			t.Errorf("%s: got %d different results for five sizes of batches", name, len(results))
		}
	}
}

// TestVectors: the file holds a vector per sentence, and 1_Pooling/config.json chooses the pooling unless -pooling does.
func TestVectors(t *testing.T) {
	dir, out := saved(t, bert), t.TempDir()
	data := filepath.Join(out, "data.txt")
	if err := os.WriteFile(data, []byte("the cat\nthe dog barks\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	vectors := map[string]*tensor.Dense{}
	for i, c := range []struct{ name, file, pooling string }{
		{"default", "", ""}, {"mean", "", "mean"}, {"cls", "", "cls"},
		{"file of cls", `{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}`, ""},
		{"file of mean", `{"pooling_mode_cls_token": false, "pooling_mode_mean_tokens": true}`, ""},
	} {
		path := filepath.Join(out, fmt.Sprint(i))
		args := []string{"-model", dir, "-data", data, "-vectors", path}
		if c.pooling != "" {
			args = append(args, "-pooling", c.pooling)
		}
		if c.file != "" {
			writePooling(t, dir, c.file)
		}
		if got := run(t, args...); !strings.HasPrefix(got, "2 vectors of 8 numbers in "+path) {
			t.Errorf("%s: got %q", c.name, got)
		}
		read, err := checkpoints.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		vectors[c.name] = read["embeddings"]
	}
	for name, same := range map[string]string{"default": "mean", "file of mean": "mean", "file of cls": "cls"} {
		if got, want := fmt.Sprint(vectors[name]), fmt.Sprint(vectors[same]); got != want {
			t.Errorf("%s: got %v, want the vectors of %s, %v", name, got, same, want)
		}
	}
	if fmt.Sprint(vectors["mean"]) == fmt.Sprint(vectors["cls"]) {
		t.Error("mean and cls give the same vectors")
	}
	writePooling(t, dir, `{"pooling_mode_max_tokens": true}`)
	if err := program(&bytes.Buffer{}).Run([]string{"-model", dir, "-data", data, "-text", "a"}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "-pooling") {
		t.Errorf("got error %v, want one that names -pooling", err)
	}
}

// TestSpecialTokens: a text has the tokens of the tokenizer around it, as the model was trained: [CLS] the cat [SEP].
func TestSpecialTokens(t *testing.T) {
	e, err := open(saved(t, bert), "")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]int32{"the cat": {2, 4, 5, 3}, strings.Repeat("the cat ", 20): {2, 4, 5, 4, 5, 4, 5, 4, 5, 4, 5, 3}} {
		if got, err := e.encode(text); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: got %v (%v), want %v", text, got, err, want)
		}
	}
}

func writePooling(t *testing.T, dir, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(dir, "1_Pooling"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "1_Pooling", "config.json"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestOtherModels: a model that decodes is an error.
func TestOtherModels(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gpt")
	none := maps.All(map[string]*tensor.Dense{"a": tensor.New(tensor.WithShape(1), tensor.Of(tensor.Float32))})
	if err := checkpoints.SaveModel(dir, checkpoints.Model{Config: models.GPT{Vocab: 5, Context: 4, Layers: 1, Heads: 1, Dim: 2}, Weights: none}); err != nil {
		t.Fatal(err)
	}
	if _, err := open(dir, ""); err == nil || !strings.Contains(err.Error(), "models.GPT, want a BERT") {
		t.Errorf("got error %v, want one that names the families", err)
	}
}

func TestCosine(t *testing.T) {
	for _, c := range []struct {
		a, b []float32
		want float64
	}{{[]float32{1, 0}, []float32{2, 0}, 1}, {[]float32{1, 0}, []float32{0, 3}, 0}, {[]float32{1, 1}, []float32{-2, -2}, -1}, {[]float32{0, 0}, []float32{1, 2}, 0}} {
		if got := cosine(c.a, c.b); !(math.Abs(got-c.want) < 1e-12) {
			t.Errorf("%v and %v: got %g, want %g", c.a, c.b, got, c.want)
		}
	}
}

func TestBadFlags(t *testing.T) {
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "", Words: "-model is missing"},
		{Args: "-model missing", Words: "-data is missing"},
		{Args: "-model missing -data missing", Words: "missing"},
		{Args: "-model m -data d -nearest 0", Words: "-nearest is 0, want at least 1"},
		{Args: "-model m -data d -batch 0", Words: "-batch is 0"},
		{Args: "-model m -data d -pooling max", Words: `-pooling is "max"|mean, cls or pooler`},
		{Args: `-model m -data d -text ""`, Words: "-text"},
		{Args: "-model m -data d -text a -vectors v", Words: "-text and -vectors"},
		{Args: "-model m -data d -vectors missing/v", Words: "-vectors|missing/v|folder"},
		{Args: "-nope", Words: "-nope"},
		{Args: "search", Words: "search"},
	})
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"": 1, "-nope": 1, "-h": 0, "help": 0, "version": 0})
}

func TestSweepFlags(t *testing.T) {
	flagstest.Sweep(t, program, map[string]string{"": "-model folder -data text.txt"}, "-vectors=missing")
}
