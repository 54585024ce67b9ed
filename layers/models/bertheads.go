package models

import (
	"cmp"
	"regexp"
	"strings"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// bertFamily holds the names of a family of BERT.
type bertFamily struct {
	heads       map[string]string // by architecture
	body        string
	masked      string // scope of a masked language model's head
	dense, norm string // of that head
	hidden, out string // linear layers of a classifier
	dropFirst   bool   // dropout precedes both
	activation  string // of the masked head; "" means the model's
}

var bertFamilies = map[string]bertFamily{
	"bert": {
		heads: map[string]string{
			"BertForMaskedLM": headMLM, "BertForPreTraining": headMLM, "BertForSequenceClassification": headClassifier, "BertModel": headNone,
		},
		body: "bert", masked: "cls.predictions", dense: "transform.dense", norm: "transform.LayerNorm", hidden: "bert.pooler.dense", out: "classifier",
	},
	"roberta": {
		heads: map[string]string{"RobertaForMaskedLM": headMLM, "RobertaForSequenceClassification": headClassifier, "RobertaModel": headNone},
		body:  "roberta", masked: "lm_head", dense: "dense", norm: "layer_norm", hidden: "classifier.dense", out: "classifier.out_proj", dropFirst: true,
		activation: "gelu",
	},
}

// predict declares the head of a masked language model with defaults: (B, T, C) → (B, T, V).
func (m BERT) predict(s *graph.Scope, x, table *G.Node, _ layers.Sequence) *G.Node {
	f := bertFamilies[m.Family]
	act, _ := activation(cmp.Or(f.activation, m.Activation)) // Check has validated it
	at := s.In(f.masked)
	x = layers.Linear{Out: m.Dim, Act: act, Std: m.InitStd}.Forward(at.In(f.dense), x)
	x = m.norm().Forward(at.In(f.norm), x)
	if m.Untied {
		table = layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.InitStd}.Weight(at.In("decoder"))
	}
	return s.Try(ops.Linear(x, table, at.Param("bias", graph.Zeros(), m.Vocab), ops.LinearOptions{}))
}

// classify declares the head of a classifier with defaults: (B, T, C) → (B, classes).
func (m BERT) classify(s *graph.Scope, x, _ *G.Node, seq layers.Sequence) *G.Node {
	f := bertFamilies[m.Family]
	x = layers.CLSPool{}.Forward(s, x, seq) // (B, C)
	if f.dropFirst {
		x = layers.Dropout{P: m.HeadDropout}.Forward(s.In("classifier.dropout1"), x)
	}
	x = layers.Linear{Out: m.Dim, Act: kernel.Tanh, Std: m.InitStd}.Forward(s.In(f.hidden), x)
	x = layers.Dropout{P: m.HeadDropout}.Forward(s.In("classifier.dropout2"), x)
	return layers.Linear{Out: len(m.Labels), Std: m.InitStd}.Forward(s.In(f.out), x)
}

// pool reduces texts to vectors: (B, T, C) → (B, C).
func (m BERT) pool(s *graph.Scope, x *G.Node, seq layers.Sequence) *G.Node {
	if m.Pooling == "mean" {
		return layers.MeanPool{}.Forward(s, x, seq)
	}
	x = layers.CLSPool{}.Forward(s, x, seq)
	if m.Pooling == "pooler" {
		x = layers.Linear{Out: m.Dim, Act: kernel.Tanh, Std: m.InitStd}.Forward(s.In(bertFamilies[m.Family].body+".pooler.dense"), x)
	}
	return x
}

var (
	buffers   = regexp.MustCompile(`^\w+\.embeddings\.(position_ids|token_type_ids)$`)
	decoders  = regexp.MustCompile(`^(cls\.predictions|lm_head)\.decoder\.`)
	following = regexp.MustCompile(`^cls\.seq_relationship\.`) // predicts whether a sentence follows another
)

// Rename returns the parameter's path for a tensor's name in a file. It adds the prefix "bert." or "roberta." to the names of files
// without a head, changes the old names LayerNorm.gamma and LayerNorm.beta, and removes the parts that [Unwrap] removes. With
// [BERT.Ignore] it loads published weights, as [GPT.Rename] does.
func (m BERT) Rename(name string) string {
	name = Unwrap(name)
	for old, now := range map[string]string{".LayerNorm.gamma": ".LayerNorm.weight", ".LayerNorm.beta": ".LayerNorm.bias"} {
		if rest, ok := strings.CutSuffix(name, old); ok {
			name = rest + now
		}
	}
	for _, part := range []string{"embeddings.", "encoder.", "pooler."} {
		if strings.HasPrefix(name, part) {
			return bertFamilies[cmp.Or(m.Family, "bert")].body + "." + name
		}
	}
	return name
}

// Ignore reports whether a renamed tensor of a file is not a parameter of m: the numbers of positions, which old files hold, heads that
// m does not have, or the head's second names.
func (m BERT) Ignore(path string) bool {
	m = m.withDefaults()
	f := bertFamilies[m.Family]
	switch {
	case buffers.MatchString(path), following.MatchString(path):
		return true
	case strings.HasPrefix(path, f.body+".pooler."):
		return !m.hasPooler()
	case strings.HasPrefix(path, "classifier."):
		return m.Head != headClassifier
	case strings.HasPrefix(path, f.masked+"."):
		return m.Head != headMLM || decoders.MatchString(path) && (!m.Untied || strings.HasSuffix(path, ".bias"))
	}
	return false
}

// hasPooler reports whether the classifier of a model with defaults, or its embeddings of texts, use the pooler.
func (m BERT) hasPooler() bool {
	return m.Head == headClassifier && m.Family == "bert" || m.Head == headNone && m.Pooling == "pooler"
}

// Tied returns the paths of the head and of the table of embeddings that replaces it. The head is "" if it has its own weights or does
// not predict tokens.
func (m BERT) Tied() (head, table string) {
	m = m.withDefaults()
	if m.Untied || m.Head != headMLM {
		return "", ""
	}
	f := bertFamilies[m.Family]
	return f.masked + ".decoder.weight", f.body + ".embeddings.word_embeddings.weight"
}
