package encoders_test

import (
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// saved saves a model with weights of a seed, and returns its folder and weights.
func saved(t *testing.T, m models.TextEncoder, seed uint64) (dir string, params *graph.Params) {
	t.Helper()
	params = graph.NewParams(tensor.Float32, seed)
	if _, err := graph.Build(params, graph.Eval, m.Logits(1, 2)); err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir() + "/model"
	if err := checkpoints.SaveModel(dir, checkpoints.Model{Config: m, Weights: params.All()}); err != nil {
		t.Fatal(err)
	}
	return dir, params
}

var sizes = encoders.Sizes{Vocab: 9, Context: 6, Layers: 1, Heads: 2, Dim: 8, Hidden: 12}

// TestLoad: the body of a folder loads into models with every head. A head loads unless it must be fresh or is another.
func TestLoad(t *testing.T) {
	for _, family := range encoders.Families {
		s := sizes
		s.Family = family
		masked := encoders.New(s, encoders.Tokens{CLS: 1, SEP: 2})
		labels := []string{"a", "b"}
		for name, from := range map[string]models.TextEncoder{"mlm": masked, "classifier": masked.Classifier(labels)} {
			dir, was := saved(t, from, 7)
			opened, err := encoders.Open(dir)
			if err != nil {
				t.Fatal(err)
			}
			if got := encoders.SizesOf(opened); got != s {
				t.Errorf("%s: got %+v, want %+v", family, got, s)
			}
			for _, c := range []struct {
				to    models.TextEncoder
				fresh bool
			}{{opened.Masked(), false}, {opened.Classifier(labels), false}, {opened.Classifier([]string{"x", "y", "z"}), true}} {
				params := graph.NewParams(tensor.Float32, 8)
				if _, err := graph.Build(params, graph.Eval, c.to.Logits(1, 2)); err != nil {
					t.Fatal(err)
				}
				if err := encoders.Load(dir, c.to, params.All(), c.fresh); err != nil {
					t.Fatalf("%s: %v", family, err)
				}
				for path, x := range params.All() {
					first := was.Value(path)
					if strings.HasSuffix(path, "bias") || strings.Contains(strings.ToLower(path), "norm") || first == nil {
						continue // same at first
					}
					same, want := slices.Equal(x.Float32s(), first.Float32s()), !(c.fresh && strings.HasPrefix(path, "classifier."))
					if same != want {
						t.Errorf("%s of %s: %s is the file's %t, want %t", name, family, path, same, want)
					}
				}
			}
			if err := encoders.LoadWhole(dir, opened, graph.NewParams(tensor.Float32, 1).All()); err == nil {
				t.Error("no parameters: got no error")
			}
		}
	}
}

// TestChanges: dropout and smoothing change the configuration of every family.
func TestChanges(t *testing.T) {
	for _, family := range encoders.Families {
		s := sizes
		s.Family, s.Dropout = family, 0.2
		m := encoders.New(s, encoders.Tokens{})
		if _, ok := encoders.Labels(m); ok {
			t.Errorf("%s: a masked model has labels", family)
		}
		if labels, ok := encoders.Labels(m.Classifier([]string{"a", "b"})); !ok || !slices.Equal(labels, []string{"a", "b"}) {
			t.Errorf("%s: got labels %q", family, labels)
		}
		config := func(m models.TextEncoder) string {
			dir, _ := saved(t, m, 1)
			var config map[string]any
			if err := checkpoints.ReadConfig(dir, &config); err != nil {
				t.Fatal(err)
			}
			text := ""
			for _, name := range []string{"hidden_dropout_prob", "attention_probs_dropout_prob", "embedding_dropout", "attention_dropout", "mlp_dropout", "classifier_dropout", "label_smoothing"} {
				if v, ok := config[name]; ok && v != 0.2 {
					text += name
				}
			}
			return text
		}
		if got := config(m); got != "" {
			t.Errorf("%s: %s is not the dropout", family, got)
		}
		if got := config(encoders.Smooths(encoders.Drops(m, 0.2), 0.2)); got != "" {
			t.Errorf("%s: %s has not changed", family, got)
		}
	}
	if err := (encoders.Sizes{Family: "gpt2"}).Check(); err == nil || !strings.Contains(err.Error(), "modernbert") {
		t.Errorf("got error %v, want the families", err)
	}
	dir := t.TempDir() + "/gpt"
	gpt := models.GPT{Vocab: 5, Context: 4, Layers: 1, Heads: 1, Dim: 2}
	params := graph.NewParams(tensor.Float32, 1)
	if _, err := graph.Build(params, graph.Eval, gpt.Logits(1, 2)); err != nil {
		t.Fatal(err)
	}
	if err := checkpoints.SaveModel(dir, checkpoints.Model{Config: gpt, Weights: params.All()}); err != nil {
		t.Fatal(err)
	}
	if _, err := encoders.Open(dir); err == nil || !strings.Contains(err.Error(), "want a BERT") {
		t.Errorf("got error %v, want the families", err)
	}
}

// TestFreeze: a pattern without a weight is an error with some names.
func TestFreeze(t *testing.T) {
	s := sizes
	s.Family = "bert"
	_, params := saved(t, encoders.New(s, encoders.Tokens{}), 1)
	if err := encoders.Freeze(params, []string{"bert.embeddings.**"}); err != nil || !params.Frozen("bert.embeddings.word_embeddings.weight") {
		t.Errorf("got error %v, want frozen embeddings", err)
	}
	if err := encoders.Freeze(params, []string{"h.**"}); err == nil || !strings.Contains(err.Error(), "bert.embeddings.word_embeddings.weight") {
		t.Errorf("got error %v, want the name of a weight", err)
	}
}
