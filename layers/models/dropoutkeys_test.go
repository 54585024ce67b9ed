package models_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// TestDropoutKeys: each dropout of a published config.json is read and written, and changes the loss in training only.
func TestDropoutKeys(t *testing.T) {
	for name, c := range map[string]struct {
		file, architecture string
		keys               []string
	}{
		"bert": {`"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 8, "vocab_size": 13, "type_vocab_size": 1, "max_position_embeddings": 9`,
			"BertForSequenceClassification", []string{"hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"}},
		"roberta": {`"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 8, "vocab_size": 13, "max_position_embeddings": 9, "type_vocab_size": 1`,
			"RobertaForSequenceClassification", []string{"hidden_dropout_prob", "attention_probs_dropout_prob", "classifier_dropout"}},
		"modernbert": {`"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 8, "vocab_size": 13, "max_position_embeddings": 9,
			"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2`,
			"ModernBertForSequenceClassification", []string{"embedding_dropout", "attention_dropout", "mlp_dropout", "classifier_dropout"}},
	} {
		for _, on := range append(c.keys, "") {
			text := fmt.Sprintf(`{"model_type": %q, "architectures": [%q], "num_labels": 3, "initializer_range": 0.5, %s`, name, c.architecture, c.file)
			for _, key := range c.keys {
				text += fmt.Sprintf(`, %q: %g`, key, map[bool]float64{true: 0.375}[key == on])
			}
			m, err := models.Parse([]byte(text + "}"))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			written, err := json.Marshal(m)
			if err != nil || on != "" && !strings.Contains(string(written), fmt.Sprintf(`%q:0.375`, on)) || strings.Count(string(written), "0.375") != len(on[:min(1, len(on))]) {
				t.Errorf("%s: %s: wrote %s (%v)", name, on, written, err)
			}
			encoder := m.(models.TextEncoder)
			params, feed := graph.NewParams(tensor.Float64, 1), texts(encoder, 5)
			train, eval := build(t, params, graph.Train, encoder.Loss(3, 5)), build(t, params, graph.Eval, encoder.Loss(3, 5))
			run(t, train, feed)
			run(t, eval, feed)
			if (train.Loss() != eval.Loss()) != (on != "") {
				t.Errorf("%s: dropout %q: got a loss of %g in training and %g in evaluation", name, on, train.Loss(), eval.Loss())
			}
		}
	}
}

// TestSmoothing: label smoothing changes the loss in training only, and config.json keeps it.
func TestSmoothing(t *testing.T) {
	bert, modern := smallBERT, smallModernBERT
	bert.LabelSmoothing, modern.LabelSmoothing = 0.25, 0.25
	for name, m := range map[string]models.TextEncoder{"BERT": bert, "ModernBERT": modern} {
		written, err := json.Marshal(m)
		if err != nil || !strings.Contains(string(written), `"label_smoothing":0.25`) {
			t.Errorf("%s: wrote %s (%v)", name, written, err)
		}
		params, feed := graph.NewParams(tensor.Float64, 1), texts(m, 5)
		train, eval := build(t, params, graph.Train, m.Loss(3, 5)), build(t, params, graph.Eval, m.Loss(3, 5))
		run(t, train, feed)
		run(t, eval, feed)
		if !(train.Loss() != eval.Loss()) {
			t.Errorf("%s: got a loss of %g in training and in evaluation", name, train.Loss())
		}
	}
	bert.LabelSmoothing = 1
	wantError(t, bert.Check(), "LabelSmoothing is 1")
}
