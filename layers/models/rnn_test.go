package models_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

var smallRNN = models.RNN{LSTM: true, Vocab: 13, Context: 9, Layers: 2, Dim: 6, InitStd: 0.5}

// bothRNNs returns a small model of each cell.
func bothRNNs() map[string]models.RNN {
	gru := smallRNN
	gru.LSTM = false
	return map[string]models.RNN{"LSTM": smallRNN, "GRU": gru}
}

// TestRNNGradients covers the bias that is a channel of the head, tied and untied.
func TestRNNGradients(t *testing.T) {
	for name, m := range bothRNNs() {
		for _, m.Untied = range []bool{false, true} {
			t.Run(fmt.Sprint(name, m.Untied), func(t *testing.T) {
				feed := graph.Feed{"tokens": tokens(1, m.Vocab, 3, 4), "targets": tokens(2, m.Vocab, 3, 4)}
				graphtest.TrainGradients(t, feed, m.Loss(3, 4)) // the loss in evaluation is another operation
			})
		}
	}
}

// TestRNNEvaluation: the loss in evaluation, with dropout declared, is the loss in training without dropout.
func TestRNNEvaluation(t *testing.T) {
	for name, m := range bothRNNs() {
		t.Run(name, func(t *testing.T) {
			params := graph.NewParams(tensor.Float64, 1)
			feed := graph.Feed{"tokens": tokens(1, m.Vocab, 3, 4), "targets": tokens(2, m.Vocab, 3, 4)}
			train := build(t, params, graph.Train, m.Loss(3, 4))
			m.Dropout = 0.5
			eval := build(t, params, graph.Eval, m.Loss(3, 4))
			run(t, train, feed)
			run(t, eval, feed)
			if d := train.Loss() - eval.Loss(); d < -1e-14 || d > 1e-14 { // sums in another order
				t.Errorf("got a loss of %g in training and %g in evaluation", train.Loss(), eval.Loss())
			}
			dropped := build(t, params, graph.Train, m.Loss(3, 4))
			run(t, dropped, feed)
			if dropped.Loss() == train.Loss() {
				t.Error("dropout does not change the loss in training")
			}
		})
	}
}

// TestRNNConfig: config.json restores every field, and an empty or a foreign one is an error.
func TestRNNConfig(t *testing.T) {
	full := models.RNN{LSTM: true, Vocab: 13, Context: 9, Layers: 2, Dim: 6, Untied: true, Dropout: 0.25, InitStd: 0.5, BOS: []int32{1}, EOS: []int32{2, 3}}
	for i := range reflect.TypeOf(full).NumField() {
		if reflect.ValueOf(full).Field(i).IsZero() {
			t.Errorf("the test leaves field %s out", reflect.TypeOf(full).Field(i).Name)
		}
	}
	for _, m := range []models.RNN{full, smallRNN} {
		data, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var back models.RNN
		if err := json.Unmarshal(data, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, m) {
			t.Errorf("got %+v, want %+v", back, m)
		}
	}
	for _, c := range []struct{ file, word string }{
		{`{"vocab_size":3,"hidden_size":2}`, `model_type is "", want gru or lstm`},
		{`{"model_type":"rnn","vocab_size":3,"hidden_size":2}`, `model_type is "rnn"`},
		{`{"model_type":"gru","vocab_size":3,"hidden_size":2,"bidirectional":true}`, "bidirectional is true"},
		{`{"model_type":"gru","hidden_size":2}`, "Vocab is 0"},
		{`{"model_type":"gru","vocab_size":3}`, "Dim is 0"},
		{`{"model_type":"gru","vocab_size":3,"hidden_size":2,"num_layers":0}`, "Layers is 0"},
		{`{"model_type":"gru","vocab_size":3,"hidden_size":2,"context_length":-1}`, "Context is -1"},
		{`{"model_type":"gru","vocab_size":3,"hidden_size":2,"dropout":1}`, "Dropout is 1"},
		{`{"model_type":"gru","vocab_size":3,"hidden_size":2.5}`, "hidden_size"},
	} {
		wantError(t, json.Unmarshal([]byte(c.file), new(models.RNN)), "models: RNN", c.word)
	}
}

// TestRNNFolder: a saved model opens with the same logits, also if PyTorch has wrapped it and saved the tied head twice.
func TestRNNFolder(t *testing.T) {
	m := smallRNN
	params := graph.NewParams(tensor.Float32, 1)
	p := build(t, params, graph.Eval, m.Logits(2, 5))
	feed := graph.Feed{"tokens": tokens(1, m.Vocab, 2, 5)}
	run(t, p, feed)
	saved := map[string]*tensor.Dense{"module.decoder.weight": params.Value("encoder.weight")}
	for name, v := range params.All() {
		saved["module."+name] = v
	}
	dir := filepath.Join(t.TempDir(), "model")
	if err := checkpoints.SaveModel(dir, checkpoints.Model{Config: m, Weights: maps.All(saved)}); err != nil {
		t.Fatal(err)
	}
	var back models.RNN
	if err := checkpoints.ReadConfig(dir, &back); err != nil {
		t.Fatal(err)
	}
	other := graph.NewParams(tensor.Float32, 2)
	q := build(t, other, graph.Eval, back.Logits(2, 5))
	if err := checkpoints.LoadWeights(dir, other.All(), checkpoints.Rules{Rename: back.Rename, Ignore: back.Ignore}); err != nil {
		t.Fatal(err)
	}
	run(t, q, feed)
	if !slices.Equal(q.Output("logits").Float32s(), p.Output("logits").Float32s()) {
		t.Error("the loaded model has other logits")
	}
}
