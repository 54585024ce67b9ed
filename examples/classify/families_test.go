package main

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/examples/internal/flagstest"
	"github.com/gorgoformer/gorgoformer/examples/internal/vocabulary"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest/sweep"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// pretrained makes the folder of a masked language model of a family with random weights, and returns its weights.
func pretrained(t *testing.T, family, dir string) map[string]*tensor.Dense {
	t.Helper()
	lines := strings.Split(reviews(200), "\n")
	v, err := vocabulary.Options{Name: "wordpiece", Size: 200, Special: encoders.Special(family)}.Open("", vocabulary.Texts(slices.Values(lines)))
	if err == nil {
		v, err = encoders.Frame(v)
	}
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := encoders.NewTokens(v.Tokenizer)
	if err != nil {
		t.Fatal(err)
	}
	m := encoders.New(encoders.Sizes{Family: family, Vocab: v.VocabSize(), Context: 20, Layers: 1, Heads: 2, Dim: 16}, tokens)
	params := graph.NewParams(tensor.Float32, 7)
	if _, err := graph.Build(params, graph.Eval, m.Logits(1, 2)); err != nil {
		t.Fatal(err)
	}
	if err := checkpoints.SaveModel(dir, checkpoints.Model{Config: m, Weights: params.All(), Files: v.Files}); err != nil {
		t.Fatal(err)
	}
	return maps.Collect(params.All())
}

func inReviews(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("reviews.tsv", []byte(reviews(200)), 0o666); err != nil {
		t.Fatal(err)
	}
}

// ask labels a text.
func ask(model, text string) (string, error) {
	var w bytes.Buffer
	err := program(&w).Run([]string{"predict", "-model", model, "-text", text}, &w)
	return w.String(), err
}

// TestFamilies: a model of each family learns the rule, scores the same with eval as at its end, and labels texts.
func TestFamilies(t *testing.T) {
	inReviews(t)
	for _, family := range families {
		if !sweep.All() && family == "roberta" {
			continue
		}
		train := "train -data reviews.tsv -tokenizer wordpiece -vocab 200 -layers 1 -heads 2 -dim 16 -batch 16 -steps 150 -eval-every 50 -lr 5e-3 -dropout 0.1 -label-smoothing 0.1 "
		trained, err := said(train + "-token-dropout 0.1 -out " + family + " -family " + family)
		if err != nil {
			t.Fatal(err)
		}
		scored, err := said("eval -model " + family + " -batch 7")
		if err != nil || !strings.HasSuffix(trained, scored[strings.Index(scored, "\n"):]) || !strings.Contains(scored, "accuracy 1.0000") {
			t.Errorf("%s: got %q (%v) of eval, want all right, as in %q", family, scored, err, trained)
		}
		for word, label := range map[string]string{"fine": "good", "poor": "bad"} {
			if got, err := ask(family, "film number 3 is "+word); err != nil || !strings.HasPrefix(got, label+"\t") {
				t.Errorf("%s: got %q (%v) for %s, want %s", family, got, err, word, label)
			}
		}
		if err := classify("train -resume -steps 155 -out " + family); err != nil {
			t.Errorf("%s: resume: %v", family, err)
		}
	}
}

// TestInit: -init takes the body, the tokenizer and the sizes of a masked language model. Without steps the body stays; frozen weights
// stay with steps too. The classifier of another run gives its body and gets a new head for other labels.
func TestInit(t *testing.T) {
	inReviews(t)
	for _, family := range encoders.Families {
		if !sweep.All() && family == "roberta" {
			continue // it differs from bert in names and positions alone
		}
		was := pretrained(t, family, family+"-mlm")
		for out, flags := range map[string]string{"still": "-lr 0 -min-lr 0", "frozen": "-lr 1e-2 -freeze *.embeddings.**", "hidden": "-token-dropout 0.2 -dropout 0.3"} {
			out = family + "-" + out
			if err := classify("train -data reviews.tsv -steps 3 -eval-every 3 -batch 16 -init " + family + "-mlm -out " + out + " " + flags); err != nil {
				t.Fatalf("%s: %v", out, err)
			}
			now, err := checkpoints.Read(out)
			if err != nil {
				t.Fatal(err)
			}
			shared := 0
			for name, x := range now {
				first, ok := was[name]
				if !ok {
					continue
				}
				shared++
				same := fmt.Sprint(first.Data()) == fmt.Sprint(x.Data())
				want := strings.HasSuffix(out, "still") || strings.HasSuffix(out, "frozen") && strings.Contains(name, ".embeddings.")
				if want && !same || !same == want && strings.Contains(name, "LayerNorm.bias") {
					t.Errorf("%s: %s stays %t, want %t", out, name, same, want)
				}
			}
			if shared < 10 {
				t.Errorf("%s: %d weights have the names of the masked model's", out, shared)
			}
		}
		if got, err := ask(family+"-hidden", "fine"); err != nil || !strings.Contains(got, "fine") {
			t.Errorf("%s: got %q (%v)", family, got, err)
		}
		if err := classify("train -resume -steps 6 -out " + family + "-frozen"); err != nil {
			t.Errorf("%s: resume: %v", family, err)
		}
		if _, err := said("eval -model " + family + "-frozen"); err != nil {
			t.Errorf("%s: eval: %v", family, err)
		}
		three := strings.ReplaceAll(reviews(30), "number 3", "number 3\tmiddling\nfilm") // a third label
		if err := os.WriteFile("three.tsv", []byte(three), 0o666); err != nil {
			t.Fatal(err)
		}
		if err := classify("train -data three.tsv -steps 1 -eval-every 1 -init " + family + "-frozen -out " + family + "-three"); err != nil {
			t.Errorf("%s: a new head: %v", family, err)
		}
	}
}

// TestBadInit: flags that the folder decides are refused, and so are other models.
func TestBadInit(t *testing.T) {
	inReviews(t)
	pretrained(t, "bert", "mlm")
	if err := classify(tiny + "-data reviews.tsv -out own"); err != nil {
		t.Fatal(err)
	}
	for args, want := range map[string]string{
		"-init mlm -dim 8": "-dim is 8, but the model of -init mlm has its own", "-init mlm -family roberta": "-family is roberta", "-init mlm -pooling cls": "-pooling is cls",
		"-init own": "want a BERT, a RoBERTa or a ModernBERT", "-init missing": `-init is "missing"`, "-init mlm -freeze h.**": `no weight matches "h.**"`,
		"-family gpt2": `-family is "gpt2", want one of classifier, bert`, "-family bert -positions none": "-positions is none, family bert has its own",
		"-family bert -layers 0": "-layers is 0, want at least 1",
	} {
		wantError(t, classify("train -data reviews.tsv -steps 1 -out bad "+args), want)
		if _, err := os.Stat("bad"); err == nil {
			t.Errorf("%s: the folder bad exists", args)
		}
	}
	for _, command := range []string{"eval -model mlm -data reviews.tsv", "predict -model mlm -text fine"} {
		wantError(t, classify(command), "the model has no labels", "-init mlm")
	}
	flagstest.OtherFolder(t, program, "-data reviews.tsv -batch 4 -init mlm")
}

// TestInitPublished: a published BERT without a head begins a classifier.
func TestInitPublished(t *testing.T) {
	dir := shared("models", "tiny_bert")
	if dir == "" {
		t.Skip("no reference data")
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		t.Fatal(err)
	}
	inReviews(t)
	if err := program(io.Discard).Run(strings.Fields("train -data reviews.tsv -steps 2 -eval-every 2 -out run -init "+dir), io.Discard); err != nil {
		t.Fatal(err)
	}
	m, err := models.Open("run")
	if b, ok := m.(models.BERT); err != nil || !ok || !slices.Equal(b.Labels, []string{"bad", "good"}) {
		t.Errorf("got %+v (%v), want a BERT with the labels", m, err)
	}
}
