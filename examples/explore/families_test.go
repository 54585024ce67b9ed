package main

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/inside"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// saved writes a new model and a small tokenizer to a folder.
func saved(t testing.TB, build func(vocab int) models.Model) string {
	t.Helper()
	dir := t.TempDir()
	tok, err := trainer.BPE{VocabSize: 320, Special: []string{"[PAD]", "[CLS]", "[SEP]", "[MASK]"}}.Train(func(yield func(string) bool) {
		for _, s := range inside.Samples() {
			if !yield(s) {
				return
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	files, err := tok.ModelFiles()
	if err != nil {
		t.Fatal(err)
	}
	m := build(tok.VocabSize())
	params := graph.NewParams(tensor.Float32, 1)
	if err := inspect.New(params, m).Declare(); err != nil {
		t.Fatal(err)
	}
	if err := checkpoints.SaveModel(dir, checkpoints.Model{Config: m, Weights: params.All(), Files: files}); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestOtherFamilies shows an encoder-decoder, a masked language model and a vision model in the browser.
func TestOtherFamilies(t *testing.T) {
	if testing.Short() {
		t.Skip("needs a browser")
	}
	t.Parallel()
	t.Run("pairs", func(t *testing.T) {
		t.Parallel()
		b := opened(t, saved(t, func(v int) models.Model {
			return models.T5{Vocab: v, EncoderLayers: 1, DecoderLayers: 1, Heads: 2, Dim: 16, Source: 64, Target: 64, BOS: []int32{0}, EOS: []int32{2}}
		}))
		b.write("source", "The cat sat")
		b.write("text", "고양이")
		rows := `[...document.querySelectorAll("#heads .cells")]`
		if n := value[int](b, rows+`.length`); n != 3 {
			t.Errorf("%d attentions, want those of the encoder, of the decoder and across", n)
		}
		b.run(`document.querySelectorAll("#heads .cells")[2].children[1].click()`)
		b.until(`document.querySelectorAll("#numbers tbody tr").length > 0`)
		if got := value[string](b, `document.querySelector("#numbers tbody td").textContent`); !strings.Contains(got, "0 T") {
			t.Errorf("the first key across is %q, want the first token of the source", got)
		}
		b.until(`document.querySelectorAll("#bars .bar-row").length > 0`)
	})
	t.Run("mask", func(t *testing.T) {
		t.Parallel()
		b := opened(t, saved(t, func(v int) models.Model {
			return models.BERT{Vocab: v, Context: 64, Layers: 1, Heads: 2, Dim: 16}
		}))
		b.write("text", "The [MASK] sat")
		b.until(`document.querySelector("#section-next .readout").textContent.includes("[MASK]")`)
		b.run(`document.querySelector("#section-next .tokens").lastChild.previousSibling.click()`)
		b.until(`!document.querySelector("#section-next .readout").textContent.includes("[MASK]")`)
	})
	t.Run("picture", func(t *testing.T) {
		t.Parallel()
		b := opened(t, saved(t, func(int) models.Model {
			return models.ViT{Size: 28, Patch: 7, Channels: 1, Layers: 2, Heads: 2, Dim: 16, Labels: strings.Split("0123456789", "")}
		}))
		b.until(`document.querySelectorAll("#bars .bar-row").length === 10`)
		before := value[string](b, `document.querySelector("#picture-shown p").textContent`)
		b.run(`const e = document.getElementById("picture"); e.value = "1"; e.dispatchEvent(new Event("change"));`)
		b.until(`document.querySelector("#picture-shown p").textContent !== ` + string(quoted(before)))
		b.run(`document.querySelector("#heads button").click()`)
		b.until(`document.querySelectorAll("#numbers tbody tr").length === 17`)
	})
}

func quoted(text string) []byte {
	b, _ := json.Marshal(text) // a string has JSON
	return b
}

// opened opens the page of a model's folder.
func opened(t *testing.T, dir string) *browser {
	t.Helper()
	m, err := (&options{model: dir}).open(io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s, err := page.Listen("localhost:0", page.Page{Inside: m.Model, History: m.history})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return open(t, s.URL, "en", 1200, 900)
}

// TestShared opens the models of the reference material.
func TestShared(t *testing.T) {
	root := filepath.Join("..", "..", "..", "shared", "models")
	if _, err := os.Stat(root); err != nil {
		t.Skip("no reference models")
	}
	for name, want := range map[string]string{
		"tinystories-656k": "", "tiny_bert": "", "stories260K": "tokenizer", "sasrec-ml1m": "config.json", "gguf-vocab": "config.json", "aren-transliteration": "model_type",
	} {
		m, err := (&options{model: filepath.Join(root, name)}).open(io.Discard)
		if want != "" {
			if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s: got error %v, want one line with %q", name, err, want)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := m.Read(page.Question{Step: -1, Text: "once upon a time"}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
