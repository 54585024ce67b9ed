package models_test

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

var smallClassifier = models.Classifier{
	Vocab: 11, Context: 7, Layers: 2, Heads: 2, Dim: 6, Hidden: 5, Labels: []string{"bad", "good", "so-so"}, NormFirst: true, Std: 0.5,
}

// classifiers lists the model with each of its options.
func classifiers() map[string]models.Classifier {
	all := map[string]models.Classifier{}
	for name, change := range map[string]func(*models.Classifier){
		"mean":       func(*models.Classifier) {},
		"cls":        func(m *models.Classifier) { m.Pooling = "cls" },
		"last":       func(m *models.Classifier) { m.Pooling = "last" },
		"sinusoidal": func(m *models.Classifier) { m.Positions = "sinusoidal" },
		"none":       func(m *models.Classifier) { m.Positions, m.Activation, m.Eps = "none", "relu", 1e-3 },
		"post-norm":  func(m *models.Classifier) { m.NormFirst, m.Layers, m.Heads = false, 1, 1 },
		"bag":        func(m *models.Classifier) { m.Layers = 0 },
	} {
		m := smallClassifier
		change(&m)
		all[name] = m
	}
	return all
}

// rows returns a batch of random sequences of lengths 1, 2, …
func rows(m models.Classifier, b, t int) graph.Feed {
	feed := graph.Feed{"tokens": tokens(1, m.Vocab, b, t), "targets": tokens(2, len(m.Labels), b)}
	n := make([]int32, b)
	for i := range n {
		n[i] = int32(i%t) + 1
	}
	feed["lengths"] = lengths(n...)
	return feed
}

func TestClassifierGradients(t *testing.T) {
	for name, m := range classifiers() {
		for _, size := range [][2]int{{1, 1}, {5, 3}} {
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				graphtest.Gradients(t, rows(m, size[0], size[1]), m.Loss(size[0], size[1]))
			})
		}
	}
	m := smallClassifier
	m.TokenDropout, m.Dropout, m.LabelSmoothing = 0.3, 0.2, 0.1
	t.Run("dropout", func(t *testing.T) { graphtest.TrainGradients(t, rows(m, 5, 3), m.Loss(5, 3)) })
}

// TestClassifierIgnoresPadding: padding after a sequence and the other rows of a batch change no bit of its logits, and no
// gradient.
func TestClassifierIgnoresPadding(t *testing.T) {
	const b, width = 5, 6
	for name, m := range classifiers() {
		params := graph.NewParams(tensor.Float32, 1)
		p := build(t, params, graph.Train, m.Loss(b, width))
		var logits, gradients []float32
		for _, padding := range []int32{0, 3, 10} {
			feed := rows(m, b, width)
			for i := range feed["tokens"].Int32s() {
				if i%width >= int(feed["lengths"].Int32s()[i/width]) {
					feed["tokens"].Int32s()[i] = padding
				}
			}
			run(t, p, feed)
			now := slices.Clone(p.Output("logits").Float32s())
			var grads []float32
			for _, w := range p.Weights() {
				g, _ := w.Grad()
				grads = append(grads, g.Data().([]float32)...)
			}
			if logits != nil && (!slices.Equal(now, logits) || !slices.Equal(grads, gradients)) {
				t.Errorf("%s: padding with %d gives other logits or gradients than with 0", name, padding)
			}
			logits, gradients = now, grads
		}
	}
}

// TestClassifierLogits: the programs of Logits and Loss give the same bits, and the loss is the cross-entropy of the logits.
func TestClassifierLogits(t *testing.T) {
	for name, m := range classifiers() {
		params := graph.NewParams(tensor.Float64, 1)
		loss, logits := build(t, params, graph.Eval, m.Loss(4, 5)), build(t, params, graph.Eval, m.Logits(4, 5))
		feed := rows(m, 4, 5)
		run(t, loss, feed)
		run(t, logits, graph.Feed{"tokens": feed["tokens"], "lengths": feed["lengths"]})
		got := logits.Output("logits")
		if !slices.Equal(got.Float64s(), loss.Output("logits").Float64s()) || !slices.Equal(got.Shape(), tensor.Shape{4, 3}) {
			t.Errorf("%s: logits %v differ from those of Loss", name, got.Shape())
		}
		want := 0.0
		for i, target := range feed["targets"].Int32s() {
			sum, row := 0.0, got.Float64s()[3*i:3*i+3]
			for _, x := range row {
				sum += math.Exp(x)
			}
			want += (math.Log(sum) - row[target]) / 4
		}
		if math.Abs(loss.Loss()-want) > 1e-14 { // sums of four numbers
			t.Errorf("%s: loss %v, want %v", name, loss.Loss(), want)
		}
	}
}

func TestClassifierRoundTrip(t *testing.T) {
	for name, m := range classifiers() {
		m.TokenDropout, m.Dropout, m.LabelSmoothing = 0.3, 0.2, 0.1
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var got models.Classifier
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		again, err := json.Marshal(got)
		if err != nil || string(again) != string(data) || !reflect.DeepEqual(got.Labels, m.Labels) || got.Dim != 6 || got.Dropout != 0.2 {
			t.Errorf("%s: got %s (%v), want %s", name, again, err, data)
		}
		var file map[string]any
		if err := json.Unmarshal(data, &file); err != nil {
			t.Fatal(err)
		}
		if want := map[string]any{"0": "bad", "1": "good", "2": "so-so"}; !reflect.DeepEqual(file["id2label"], want) {
			t.Errorf("%s: id2label is %v, want %v", name, file["id2label"], want)
		}
		if want := map[string]any{"bad": 0.0, "good": 1.0, "so-so": 2.0}; !reflect.DeepEqual(file["label2id"], want) {
			t.Errorf("%s: label2id is %v, want %v", name, file["label2id"], want)
		}
	}
}

func TestClassifierErrors(t *testing.T) {
	for words, change := range map[string]func(*models.Classifier){
		"Vocab is 0":              func(m *models.Classifier) { m.Vocab = 0 },
		"Context is -1":           func(m *models.Classifier) { m.Context = -1 },
		"Layers is -1":            func(m *models.Classifier) { m.Layers = -1 },
		"Heads is 0":              func(m *models.Classifier) { m.Heads = 0 },
		"Dim 6|4 Heads":           func(m *models.Classifier) { m.Heads = 4 },
		"1 labels|at least 2":     func(m *models.Classifier) { m.Labels = m.Labels[:1] },
		"0 and 2|same label":      func(m *models.Classifier) { m.Labels = []string{"a", "b", "a"} },
		"Pooling is \"max\"":      func(m *models.Classifier) { m.Pooling = "max" },
		"Positions is \"rotary\"": func(m *models.Classifier) { m.Positions = "rotary" },
		"activation \"x\"":        func(m *models.Classifier) { m.Activation = "x" },
		"Dropout is 1":            func(m *models.Classifier) { m.Dropout = 1 },
		"TokenDropout is NaN":     func(m *models.Classifier) { m.TokenDropout = math.NaN() },
		"Std is -1":               func(m *models.Classifier) { m.Std = -1 },
		"8 tokens|Context of 7":   nil,
	} {
		m, t0 := smallClassifier, 8
		if change != nil {
			change(&m)
			t0 = 3
		}
		_, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Eval, m.Logits(2, t0))
		wantError(t, err, strings.Split(words, "|")...)
	}
	data, err := json.Marshal(smallClassifier)
	if err != nil {
		t.Fatal(err)
	}
	for words, replace := range map[string][2]string{
		"model_type is \"bert\"":   {"encoder_classifier", "bert"},
		"no label of id 1":         {`"1":"good"`, `"7":"good"`},
		"label2id says 2":          {`"good":1`, `"good":2`},
		"3 labels|label2id has 2":  {`"good":1,`, ``},
		"Heads is 0":               {`"num_attention_heads":2`, `"num_attention_heads":0`},
		"Classifier configuration": {`"vocab_size":11`, `"vocab_size":"many"`},
	} {
		var m models.Classifier
		changed := strings.Replace(string(data), replace[0], replace[1], 1)
		if changed == string(data) {
			t.Fatalf("%q is not in %s", replace[0], data)
		}
		wantError(t, json.Unmarshal([]byte(changed), &m), strings.Split(words, "|")...)
	}
}

// A Classifier assigns a label to each sequence of tokens. The second sequence has one token and two positions of padding.
func ExampleClassifier() {
	m := models.Classifier{Vocab: 100, Context: 16, Layers: 1, Heads: 2, Dim: 8, Labels: []string{"negative", "positive"}}
	p, err := graph.Build(graph.NewParams(tensor.Float32, 1), graph.Eval, m.Logits(2, 3))
	if err != nil {
		fmt.Println(err)
		return
	}
	tokens := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]int32{7, 8, 9, 7, 0, 0}))
	err = p.Run(graph.Feed{"tokens": tokens, "lengths": lengths(3, 1)})
	fmt.Println(err, p.Output("logits").Shape())
	// Output: <nil> (2, 2)
}

// TestClassifierHuge: the cost of a batch that no machine holds is known without its memory.
func TestClassifierHuge(t *testing.T) {
	m := models.Classifier{Vocab: 9, Context: 6, Layers: 1, Heads: 1, Dim: 4, Labels: []string{"bad", "good"}, TokenDropout: 0.1}
	got, err := graph.Estimate(graph.NewParams(tensor.Float32, 1), graph.Train, m.Loss(1<<32, 6))
	if want := 4 * 6 << 32; err == nil && got.Memory.Total() < want {
		t.Errorf("got %d bytes, want at least the %d of the mask", got.Memory.Total(), want)
	}
}
