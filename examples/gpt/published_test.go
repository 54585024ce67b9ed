package main

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// published returns the folder of a published model, and skips the test if it is missing.
func published(t *testing.T, name string) string {
	t.Helper()
	dir := shared("models", name)
	if dir == "" {
		t.Skip("no reference data")
	}
	return dir
}

// answer generates the likeliest text.
func answer(t *testing.T, model, prompt string, more ...string) string {
	t.Helper()
	var w strings.Builder
	if err := program(&w).Run(append([]string{"generate", "-model", model, "-prompt", prompt, "-temperature", "0"}, more...), &w); err != nil {
		t.Fatal(err)
	}
	return w.String()
}

// TestTinyStories656K: a published Llama gives the ids of NumPy and llama.cpp. Its tokenizer adds a token to the prompt. It can be scored
// and trained.
func TestTinyStories656K(t *testing.T) {
	dir := published(t, "tinystories-656k")
	var want struct {
		Model struct{ IDs []int } `json:"model.safetensors"`
	}
	if err := checkpoints.ReadJSON(filepath.Join(dir, "expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	got, _ := parseScores(t, answer(t, dir, "Once upon a time", "-tokens", "32", "-scores"))
	if len(got) != 32 || !slices.Equal(got, want.Model.IDs) {
		t.Errorf("got %v, want %v", got, want.Model.IDs)
	}
	text := answer(t, dir, "Once upon a time", "-tokens", "3")
	if !strings.HasPrefix(text, "Once upon a time, a little girl named ") {
		t.Errorf("got %q, want the prompt and a girl, without the first token", text)
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	writeText(t, strings.Repeat("Once upon a time, a little girl named Lily went to the park.\n", 10))
	if text, err := said("eval -batch 2 -data text.txt -model " + dir); err != nil || !strings.HasPrefix(text, "loss ") {
		t.Errorf("eval: got %q (%v), want a loss", text, err)
	}
	if err := gpt("train -data text.txt -context 8 -batch 2 -steps 1 -lr 0 -out run -init " + dir); err != nil {
		t.Fatal(err)
	}
	if again := answer(t, "run", "Once upon a time", "-tokens", "3"); again != text[:len(again)] {
		t.Errorf("after a step at rate 0: got %q, want %q", again, text)
	}
}

// TestStories260K: the text equals the text of llama2.c. The folder gets the tokenizer of llama2.c in sentencepiece's format.
func TestStories260K(t *testing.T) {
	from, dir := published(t, "stories260K"), t.TempDir()
	for _, name := range []string{"config.json", "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	tok512, err := os.ReadFile(filepath.Join(from, "tok512.bin"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokenizer.model"), sentencePiece(tok512), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "tokenizer_config.json"), []byte(`{"tokenizer_class": "LlamaTokenizer", "add_bos_token": true, "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}`), 0o666); err != nil {
		t.Fatal(err)
	}
	var want struct {
		Text string  `json:"expected_stdout_200_steps"`
		IDs  []int32 `json:"token_ids_greedy_checked_here"`
	}
	if err := checkpoints.ReadJSON(filepath.Join(from, "expected.json"), &want); err != nil {
		t.Fatal(err)
	}
	for prompt, n := range map[string]int{"": 1, "Once upon a time": 5} { // tokens of the prompt
		if got := answer(t, dir, prompt, "-tokens", strconv.Itoa(len(want.IDs)-n)); strings.TrimSpace(got) != want.Text || want.Text == "" {
			t.Errorf("after %q: got %q, want %q", prompt, got, want.Text)
		}
	}
}

// sentencePiece returns the .model file for a vocabulary of llama2.c: the length of the longest token, then for each token its score,
// length and text.
func sentencePiece(vocabulary []byte) (model []byte) {
	for rest, id := vocabulary[4:], 0; len(rest) > 0; id++ {
		n := binary.LittleEndian.Uint32(rest[4:])
		text, kind := string(rest[8:8+n]), uint64(1)
		switch {
		case id == 0:
			kind = 2
		case id < 3:
			text, kind = strings.TrimSpace(text), 3
		case id < 259:
			kind = 6
		}
		piece := protowire.AppendString(protowire.AppendTag(nil, 1, protowire.BytesType), strings.ReplaceAll(text, " ", "▁"))
		piece = protowire.AppendFixed32(protowire.AppendTag(piece, 2, protowire.Fixed32Type), binary.LittleEndian.Uint32(rest))
		piece = protowire.AppendVarint(protowire.AppendTag(piece, 3, protowire.VarintType), kind)
		model = protowire.AppendBytes(protowire.AppendTag(model, 1, protowire.BytesType), piece)
		rest = rest[8+n:]
	}
	trainer := protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), 2) // BPE
	trainer = protowire.AppendVarint(protowire.AppendTag(trainer, 35, protowire.VarintType), 1)
	model = protowire.AppendBytes(protowire.AppendTag(model, 2, protowire.BytesType), trainer)
	normalizer := protowire.AppendVarint(protowire.AppendTag(nil, 3, protowire.VarintType), 1) // a space before the text
	normalizer = protowire.AppendVarint(protowire.AppendTag(normalizer, 4, protowire.VarintType), 0)
	return protowire.AppendBytes(protowire.AppendTag(model, 3, protowire.BytesType), normalizer)
}
