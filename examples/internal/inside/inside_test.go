package inside

import (
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/examples/internal/pictures"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/tokenize/trainer"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// tokenizer returns a small tokenizer with the special tokens of all families.
func tokenizer(t testing.TB) *tokenize.Tokenizer {
	t.Helper()
	tok, err := trainer.BPE{VocabSize: 400, Special: []string{"[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"}}.Train(slices.Values(Samples()))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// families returns a tiny model of every family, with the result that it predicts.
func families(t testing.TB) map[string]*Model {
	tok := tokenizer(t)
	v, labels := tok.VocabSize(), []string{"good", "bad"}
	items := models.SASRec{Items: 20, Context: 16, Layers: 1, Heads: 2, Dim: 8}
	packed := items
	packed.Masked = true
	all := map[string]models.Model{
		"gpt":        models.GPT{Vocab: v, Context: 64, Layers: 2, Heads: 2, Dim: 8},
		"alibi":      models.GPT{Vocab: v, Context: 64, Layers: 1, Heads: 2, Dim: 8, Positions: "alibi"},
		"llama":      models.Llama{Vocab: v, Context: 64, Layers: 1, Heads: 4, KVHeads: 2, Dim: 16, Hidden: 24},
		"gru":        models.RNN{Vocab: v, Context: 64, Layers: 1, Dim: 8},
		"bert":       models.BERT{Vocab: v, Context: 64, Layers: 1, Heads: 2, Dim: 8},
		"roberta":    models.BERT{Family: "roberta", Vocab: v, Context: 64, Layers: 1, Heads: 2, Dim: 8},
		"modernbert": models.ModernBERT{Vocab: v, Context: 64, Layers: 1, Heads: 2, Dim: 8},
		"headless":   models.BERT{Vocab: v, Context: 64, Layers: 1, Heads: 2, Dim: 8, Head: "none"},
		"labels":     models.BERT{Vocab: v, Context: 64, Layers: 1, Heads: 2, Dim: 8, Head: "classifier", Labels: labels},
		"classifier": models.Classifier{Vocab: v, Context: 64, Layers: 1, Heads: 2, Dim: 8, Labels: labels},
		"seq2seq":    models.Seq2Seq{SourceVocab: v, TargetVocab: v, EncoderLayers: 1, DecoderLayers: 1, Heads: 2, Dim: 8, Target: 64, BOS: []int32{1}, EOS: []int32{2}},
		"t5":         models.T5{Vocab: v, EncoderLayers: 1, DecoderLayers: 1, Heads: 2, Dim: 8, Target: 64, BOS: []int32{0}, EOS: []int32{2}},
		"sasrec":     items,
		"packed":     packed,
		"vit":        models.ViT{Size: 28, Patch: 7, Channels: 1, Layers: 1, Heads: 2, Dim: 8, Labels: pictures.DigitNames},
	}
	opened := map[string]*Model{}
	for name, model := range all {
		m := &Model{Model: model, Tokenizer: tok}
		switch f := model.(type) {
		case models.ViT:
			m.Tokenizer = nil
			var err error
			if m.Pictures, err = Show(pictures.Digits(3, 1), data.Scale{Mean: []float64{0}, Std: []float64{255}}, f); err != nil {
				t.Fatal(err)
			}
		case models.SASRec:
			m.Tokenizer = nil
		}
		if err := m.Renew(0, declared(t, model)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		opened[name] = m
	}
	return opened
}

// declared returns new weights of a model.
func declared(t testing.TB, model models.Model) *graph.Params {
	t.Helper()
	p := graph.NewParams(tensor.Float32, 1)
	if err := inspect.New(p, model).Declare(); err != nil {
		t.Fatal(err)
	}
	return p
}

var predictions = map[string]string{
	"gpt": "token", "alibi": "token", "llama": "token", "gru": "token", "bert": "mask", "roberta": "mask", "modernbert": "mask", "headless": "",
	"labels": "class", "classifier": "class", "seq2seq": "token", "t5": "token", "sasrec": "item", "packed": "item", "vit": "class",
}

// TestFamilies asks every question of the page of a model of every family.
func TestFamilies(t *testing.T) {
	for name, m := range families(t) {
		t.Run(name, func(t *testing.T) {
			about := m.About()
			if about.Predicts != predictions[name] || about.Parameters == 0 || about.Dim == 0 {
				t.Errorf("it predicts %q with %d parameters of %d channels, want %q", about.Predicts, about.Parameters, about.Dim, predictions[name])
			}
			q := page.Question{Step: -1, Text: "the cat sat", Source: "빛은 프리즘을"}
			if about.Kind == "items" {
				q.Text = "3 17 4"
			}
			r, err := m.Read(q)
			if err != nil {
				t.Fatal(err)
			}
			if (about.Kind == "pictures") != (r.Picture != nil) || (about.Kind == "pairs") != (len(r.Source) > 0) || (about.Kind != "pictures") != (len(r.Tokens) > 0) {
				t.Errorf("kind %s: %d tokens, %d of a source, picture %t", about.Kind, len(r.Tokens), len(r.Source), r.Picture != nil)
			}
			heads(t, m, q, r, name)
			next(t, m, q, about)
			if g, err := m.Graph(); err != nil {
				t.Error(err)
			} else {
				addsUp(t, g, m.newest.Params())
			}
			if about.Kind != "pictures" {
				w, err := m.Words(page.WordsQuestion{Step: -1, ID: 3, Other: -1, Nearest: 5})
				if err != nil {
					t.Error(err)
				} else if len(w.Nearest) != 5 {
					t.Errorf("%d neighbours, want 5", len(w.Nearest))
				}
				if _, err := m.Map(-1); err != nil {
					t.Error(err)
				}
				if c, err := m.Tokens(q.Text); err != nil || len(c.Cuts) != 1 || c.Cuts[0].Count == 0 {
					t.Errorf("got cuts %v, error %v", c, err)
				}
			}
		})
	}
}

// heads checks that the heads of a reading can be opened and that their rows sum to 1.
func heads(t *testing.T, m *Model, q page.Question, r *page.Reading, name string) {
	t.Helper()
	cross := 0
	for _, a := range r.Attentions {
		if a.Cross {
			cross++
		}
		h, err := m.Head(page.HeadQuestion{Question: q, Path: a.Path, Head: a.Heads - 1})
		if err != nil {
			t.Fatal(err)
		}
		p := h.Probabilities
		for i := range p.Rows {
			sum := 0.0
			for _, v := range p.Values[i*p.Cols : (i+1)*p.Cols] {
				sum += float64(v)
			}
			if math.Abs(sum-1) > 1e-5 {
				t.Errorf("%s: row %d sums to %g", a.Path, i, sum)
			}
		}
	}
	if want := map[string]int{"seq2seq": 1, "t5": 1}[name]; cross != want && !strings.Contains("sasrec packed", name) {
		t.Errorf("%d cross-attentions, want %d", cross, want)
	}
	if len(r.Attentions) == 0 && name != "gru" {
		t.Error("no attention")
	}
}

// next checks that the probabilities of the results sum to 1, and that a mask hides the token at a place.
func next(t *testing.T, m *Model, q page.Question, about page.About) {
	t.Helper()
	n, err := m.Next(page.NextQuestion{Question: q, Place: -1, Temperature: 1})
	if about.Predicts == "" {
		if err == nil || !strings.Contains(err.Error(), "no head") {
			t.Errorf("got error %v, want one that says that there is no head", err)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, c := range n.Choices {
		if sum += c.Probability; c.Text == "" {
			t.Errorf("choice %d has no text", c.ID)
		}
	}
	if sum > 1+1e-6 || len(n.Choices) == n.Kept && sum < 1-1e-6 {
		t.Errorf("the probabilities of %d of %d choices sum to %g", len(n.Choices), n.Kept, sum)
	}
	switch about.Predicts {
	case "class":
		if len(n.Choices) != len(m.labels()) {
			t.Errorf("%d choices, want the %d classes", len(n.Choices), len(m.labels()))
		}
	case "mask":
		hidden := page.Question{Step: -1, Text: "the [MASK] sat on the mat"}
		masked, err := m.Next(page.NextQuestion{Question: hidden, Place: -1, Temperature: 1})
		if err != nil {
			t.Fatal(err)
		}
		if r, err := m.Read(hidden); err != nil || r.Tokens[masked.Place].Text != about.Mask || about.Mask != "[MASK]" {
			t.Errorf("place %d is no mask %q, error %v", masked.Place, about.Mask, err)
		}
		if other, err := m.Next(page.NextQuestion{Question: q, Place: 1, Temperature: 1}); err != nil || other.Place != 1 {
			t.Errorf("place 1: got %d, error %v", other.Place, err)
		}
	case "token":
		if first, err := m.Next(page.NextQuestion{Question: q, Place: 0, Temperature: 1}); err != nil || first.Place != 0 || n.Place == 0 {
			t.Errorf("place 0: got %d, error %v; the last is %d", first.Place, err, n.Place)
		}
	}
	if _, err := m.Next(page.NextQuestion{Question: q, Place: 1000}); err == nil && (about.Predicts == "token" || about.Predicts == "mask") {
		t.Error("a place after the text gives no error")
	}
}

// TestHostileQuestions: questions that make no sense give one error each.
func TestHostileQuestions(t *testing.T) {
	all := families(t)
	for _, c := range []struct {
		model string
		q     page.Question
		want  string
	}{
		{"gpt", page.Question{Step: -1}, "no tokens"},
		{"gpt", page.Question{Step: 5, Text: "a"}, "no checkpoint of step 5"},
		{"gpt", page.Question{Step: -1, Text: strings.Repeat("light ", 100)}, "reads at most 64"},
		{"gpt", page.Question{Step: -1, Text: strings.Repeat("a", 30000)}, "want at most 20000"},
		{"seq2seq", page.Question{Step: -1, Text: "a"}, "source has no tokens"},
		{"sasrec", page.Question{Step: -1, Text: "3 21"}, "want numbers of 1 … 20"},
		{"packed", page.Question{Step: -1, Text: "x"}, `item "x"`},
		{"vit", page.Question{Step: -1, Picture: 3}, "picture 3, want 0 … 2"},
		{"classifier", page.Question{Step: -1, Text: strings.Repeat("light ", 100)}, "reads at most 64"},
	} {
		if _, err := all[c.model].Read(c.q); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got error %v, want %q in it", c.model, err, c.want)
		}
	}
}
