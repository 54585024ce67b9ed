package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// folder makes the folder of a model with random weights.
func folder(t *testing.T, m models.Model, declare func(*graph.Scope)) string {
	t.Helper()
	params := graph.NewParams(tensor.Float32, 1)
	_, err := graph.Build(params, graph.Eval, declare)
	check(t, err)
	dir := filepath.Join(t.TempDir(), "model")
	check(t, checkpoints.SaveModel(dir, checkpoints.Model{Config: m, Weights: params.All()}))
	return dir
}

var (
	gpt    = models.GPT{Vocab: 9, Context: 8, Layers: 1, Heads: 2, Dim: 8}
	bert   = models.BERT{Vocab: 9, Context: 8, Layers: 1, Heads: 2, Dim: 8}
	labels = []string{"a", "b"}
	vit    = models.ViT{Labels: labels, Size: 8, Patch: 4, Layers: 1, Heads: 2, Dim: 8}
	rnn    = models.RNN{Vocab: 9, Context: 8, Layers: 1, Dim: 8}
)

// TestWrite writes models and prints their inputs and outputs.
func TestWrite(t *testing.T) {
	headless := bert
	headless.Head = "none"
	sentiment := models.Classifier{Vocab: 9, Context: 8, Layers: 1, Heads: 2, Dim: 8, Labels: labels, Positions: "sinusoidal", Pooling: "last"}
	pairs := models.Seq2Seq{SourceVocab: 9, TargetVocab: 7, Source: 6, Target: 5, EncoderLayers: 1, DecoderLayers: 1, Heads: 2, Dim: 8}
	const text = "input_ids (batch_size, sequence_length)"
	for _, c := range []struct {
		dir, want string
	}{
		{folder(t, gpt, gpt.Logits(1, 2)), text + " → logits (batch_size, sequence_length, 9)"},
		{folder(t, bert, bert.Logits(1, 2)), text + ", attention_mask (batch_size, sequence_length), token_type_ids (batch_size, sequence_length) → logits"},
		{folder(t, headless, headless.Embeddings(1, 2)), text + ", attention_mask (batch_size, sequence_length) → sentence_embedding (batch_size, 8)"},
		{folder(t, vit, vit.Logits(1, 8)), "pixel_values (batch_size, 3, 8, 8) → logits (batch_size, 2)"},
		{folder(t, sentiment, sentiment.Logits(1, 2)), text + ", attention_mask (batch_size, sequence_length) → logits (batch_size, 2)"},
		{folder(t, pairs, pairs.Loss(1, 2, 2)), "decoder_attention_mask (batch_size, decoder_sequence_length) → logits (batch_size, decoder_sequence_length, 7)"},
	} {
		var w bytes.Buffer
		out := filepath.Join(t.TempDir(), "m.onnx")
		check(t, program(&w).Run([]string{"-model", c.dir, "-out", out}, &w))
		if !strings.HasPrefix(w.String(), out+": ") || !strings.Contains(w.String(), c.want) {
			t.Errorf("printed %q, want %q", w.String(), c.want)
		}
		if info, err := os.Stat(out); err != nil || info.Size() < 1000 {
			t.Errorf("got %v, %v, want a file", info, err)
		}
	}
}

func TestBadFlags(t *testing.T) {
	dir, recurrent := folder(t, gpt, gpt.Logits(1, 2)), folder(t, rnn, rnn.Logits(1, 2))
	unknown, empty := t.TempDir(), t.TempDir()
	check(t, os.WriteFile(filepath.Join(unknown, "config.json"), []byte(`{"model_type": "whisper"}`), 0o666))
	config, err := os.ReadFile(filepath.Join(dir, "config.json"))
	check(t, err)
	check(t, os.WriteFile(filepath.Join(empty, "config.json"), config, 0o666))
	flagstest.Run(t, program, []flagstest.Bad{
		{Args: "", Words: "-model is missing"},
		{Args: "-model m", Words: "-out is missing|model.onnx"},
		{Args: "-model m -out o", Words: `-model is "m", which does not exist`},
		{Args: "-model m -out missing/o", Words: "-out|missing/o|folder"},
		{Args: "-model m -out o -opset 1000", Words: "-opset is 1000, want 17 to 21"},
		{Args: "-model m -out o -context -1", Words: "-context is -1"},
		{Args: "-model " + dir + " -out o -context 9", Words: "9 tokens exceed the model's 8"},
		{Args: "-model " + dir + " -out o -context 2", Words: "Max 2|at least 3"},
		{Args: "-model " + unknown + " -out o", Words: `model_type is "whisper", want one of|bert`},
		{Args: "-model " + empty + " -out o", Words: empty + "|no weights"},
		{Args: "-model " + recurrent + " -out o", Words: "GRU|no translation"},
	})
}

func TestExit(t *testing.T) {
	flagstest.Exit(t, main, map[string]int{"": 1, "-nope": 1, "-h": 0, "help": 0, "version": 0})
}

func TestSweepFlags(t *testing.T) {
	flagstest.Sweep(t, program, map[string]string{"": "-model folder -out m.onnx"}, "-out=missing")
}

func TestHuge(t *testing.T) {
	t.Chdir(t.TempDir())
	flagstest.Huge(t, program, map[string]string{"": "-out m.onnx -model " + folder(t, gpt, gpt.Logits(1, 2))})
}
