package models

import (
	"cmp"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// BERT is an encoder of texts: embeddings of tokens, positions and segments, and post-norm blocks (Devlin et al. 2019,
// arXiv 1810.04805). Its family RoBERTa counts positions from the padding's id (Liu et al. 2019, arXiv 1907.11692). Head selects a
// masked language model, a classifier of texts, or none. Its JSON form is Hugging Face's config.json of model_type bert or roberta. For
// published weights, see [BERT.Rename] and [BERT.Ignore].
//
// Parameters of BERT: bert.embeddings.word_embeddings.weight, …, bert.encoder.layer.0.attention.self.query.weight, …;
// cls.predictions.… with Head mlm; bert.pooler.dense.…, classifier.… with Head classifier.
type BERT struct {
	Family  string   // "bert" or "roberta"; "" means bert
	Head    string   // "mlm", "classifier" or "none"; "" means mlm
	Labels  []string // names of the classes of a classifier
	Pooling string   // of Embeddings: "mean", "cls" or "pooler"; "" means mean

	Vocab   int
	Context int // largest number of tokens in a text
	Layers  int
	Heads   int
	Dim     int
	Hidden  int // hidden width of the MLPs; 0 means 4·Dim
	Types   int // number of segments; 0 means 2, or 1 in RoBERTa

	Activation string  // "" means gelu
	Eps        float64 // of the norms; 0 means 1e-12
	Untied     bool    // the head has its own weights
	InitStd    float64 // standard deviation of the initial weights; 0 means 0.02

	Dropout     float64 // of the embeddings and of the results of attention and MLP in each block
	AttnDropout float64 // of the attention's probabilities
	HeadDropout float64 // of a classifier's inputs

	LabelSmoothing float64 // of the loss in training

	OneSegment bool // all texts are of the first segment: Loss and Logits have no input types; not in config.json

	PAD, BOS, EOS []int32 // ids that pad, begin and end a text; empty means none, but 1 for the padding of RoBERTa
}

func (m BERT) withDefaults() BERT {
	m.Family, m.Head, m.Pooling = cmp.Or(m.Family, "bert"), cmp.Or(m.Head, headMLM), cmp.Or(m.Pooling, "mean")
	m.Activation, m.Eps, m.InitStd = cmp.Or(m.Activation, "gelu"), cmp.Or(m.Eps, 1e-12), cmp.Or(m.InitStd, 0.02)
	m.Hidden = cmp.Or(m.Hidden, 4*m.Dim)
	if m.Family == "roberta" {
		m.Types = cmp.Or(m.Types, 1)
		if len(m.PAD) == 0 {
			m.PAD = []int32{1}
		}
	}
	m.Types = cmp.Or(m.Types, 2)
	return m
}

// Check returns an error that names the first field with an invalid value.
func (m BERT) Check() error {
	const name = "BERT"
	if _, ok := bertFamilies[cmp.Or(m.Family, "bert")]; !ok {
		return errors.Errorf("models: BERT: unknown Family %q, want one of %s", m.Family, names(bertFamilies))
	}
	err := cmp.Or(
		atLeast(1, name, field[int]{"Vocab", m.Vocab}, field[int]{"Context", m.Context}, field[int]{"Layers", m.Layers}, field[int]{"Heads", m.Heads}, field[int]{"Dim", m.Dim}),
		atLeast(0, name, field[int]{"Hidden", m.Hidden}, field[int]{"Types", m.Types}),
		probabilities(name, field[float64]{"Dropout", m.Dropout}, field[float64]{"AttnDropout", m.AttnDropout}, field[float64]{"HeadDropout", m.HeadDropout},
			field[float64]{"LabelSmoothing", m.LabelSmoothing}),
		magnitudes(name, field[float64]{"Eps", m.Eps}, field[float64]{"InitStd", m.InitStd}),
	)
	if err != nil {
		return err
	}
	if err := heads(name, m.Dim, m.Heads); err != nil {
		return err
	}
	m = m.withDefaults()
	if err := checkHead(name, m.Head, m.Labels); err != nil {
		return err
	}
	switch {
	case m.Pooling != "mean" && m.Pooling != "cls" && m.Pooling != "pooler":
		return errors.Errorf("models: BERT: unknown Pooling %q, want mean, cls or pooler", m.Pooling)
	case m.Family == "roberta" && (len(m.PAD) != 1 || m.PAD[0] < 0 || int(m.PAD[0]) >= m.Vocab):
		return errors.Errorf("models: BERT: family roberta has PAD %v, want one id below Vocab %d", m.PAD, m.Vocab)
	}
	_, err = activation(m.Activation)
	return err
}

// Loss declares the model for training and evaluation on b texts of up to t tokens. Inputs, int32: "tokens" (b, t); "lengths" (b);
// "types" (b, t), the segments, if Types exceeds 1 and OneSegment is false; "targets", the tokens (b, t) or the classes (b). The loss is the mean cross-entropy
// over the targets that are not -100. Output: "logits" (b, classes), or, except in training, (b, t, Vocab).
func (m BERT) Loss(b, t int) func(*graph.Scope) { return m.outer().loss(b, t) }

// PlacesLoss declares a masked language model for training and evaluation on b texts of up to t tokens, with logits only at n places of
// each. Inputs, int32: as Loss, but "targets" (b, n), and "places" (b, n): the positions of the targets in the tokens of the batch, from
// 0 to b·t−1. The loss equals that of Loss with the same targets, and costs less by t/n in the head. Output, except in training:
// "logits" (b, n, Vocab).
func (m BERT) PlacesLoss(b, t, n int) func(*graph.Scope) { return m.outer().placesLoss(b, t, n) }

// Logits declares the model without targets. Inputs: as Loss. Output: "logits" (b, t, Vocab) or (b, classes).
func (m BERT) Logits(b, t int) func(*graph.Scope) { return m.outer().logits(b, t) }

// Embeddings declares the model for vectors of b texts of up to t tokens in one segment. Inputs, int32: "tokens" (b, t) and "lengths"
// (b). Output: "embeddings" (b, Dim).
func (m BERT) Embeddings(b, t int) func(*graph.Scope) { return m.outer().embeddings(b, t) }

// HasTypes reports whether Loss and Logits have the input types.
func (m BERT) HasTypes() bool { return m.withDefaults().Types > 1 && !m.OneSegment }

// Window returns the largest number of tokens in a text.
func (m BERT) Window() int { return m.Context }

// Body returns the model without its head. With its rules, files with any head load.
func (m BERT) Body() TextEncoder {
	m.Head, m.Labels = headNone, nil
	return m
}

// Masked returns the model with a head that predicts masked tokens.
func (m BERT) Masked() TextEncoder {
	m.Head, m.Labels = headMLM, nil
	return m
}

// Classifier returns the model with a head that assigns one of labels to a text.
func (m BERT) Classifier(labels []string) TextEncoder {
	m.Head, m.Labels = headClassifier, labels
	return m
}

func (m BERT) outer() textEncoder {
	d := m.withDefaults()
	head := d.predict
	if d.Head == headClassifier {
		head = d.classify
	}
	return textEncoder{head: d.Head, types: d.HasTypes(), smoothing: d.LabelSmoothing, forward: m.Forward, predict: head, pool: d.pool}
}

// Forward declares the model without its head: int32 (B, T) → (B, T, C), and the table of token embeddings, (Vocab, C). types, int32
// (B, T), are the segments; nil means the first.
func (m BERT) Forward(s *graph.Scope, tokens, types *G.Node, seq layers.Sequence) (x, table *G.Node) {
	if err := m.Check(); err != nil {
		s.Failf("%v", err)
		return tokens, tokens
	}
	if !checkWindow(s, tokens, m.Context) {
		return tokens, tokens
	}
	m = m.withDefaults()
	body, block := s.In(bertFamilies[m.Family].body), m.block()
	x, table = m.embed(body.In("embeddings"), tokens, types, seq) // (B, T, C)
	for _, at := range body.In("encoder.layer").Parts(m.Layers) {
		x = block.Forward(at, x, seq)
	}
	return x, table
}

// embed returns the sum of all embeddings, int32 (B, T), twice → (B, T, C), and the table of tokens.
func (m BERT) embed(s *graph.Scope, tokens, types *G.Node, seq layers.Sequence) (x, table *G.Node) {
	words := layers.Embedding{Vocab: m.Vocab, Dim: m.Dim, Std: m.InitStd}
	table = words.Weight(s.In("word_embeddings"))
	x = words.Lookup(s.In("word_embeddings"), table, tokens)
	positions := layers.LearnedPositions{Max: m.positions(), Std: m.InitStd}
	if at := s.In("position_embeddings"); m.Family == "roberta" {
		x = layers.PaddedPositions{Max: positions.Max, Pad: int(m.PAD[0]), Std: m.InitStd}.Forward(at, x, tokens)
	} else {
		x = positions.Forward(at, x, seq)
	}
	segments := layers.Embedding{Vocab: m.Types, Dim: m.Dim, Std: m.InitStd}
	all := segments.Weight(s.In("token_type_embeddings"))
	if types != nil {
		x = s.Add(x, segments.Lookup(s.In("token_type_embeddings"), all, types))
	} else {
		x = s.Add(x, s.Try(ops.Slice(all, 0, 0, 1))) // (1, C)
	}
	x = m.norm().Forward(s.In("LayerNorm"), x)
	return layers.Dropout{P: m.Dropout}.Forward(s.In("dropout"), x), table
}

// positions returns the length of the table of positions. RoBERTa does not use the first rows, up to the padding's.
func (m BERT) positions() int {
	if m.Family == "roberta" {
		return m.Context + int(m.PAD[0]) + 1
	}
	return m.Context
}

func (m BERT) norm() layers.Norm { return layers.Norm{Eps: m.Eps} }

// block returns a block of a model with defaults.
func (m BERT) block() layers.PostNorm {
	act, _ := activation(m.Activation) // Check has validated it
	return layers.PostNorm{
		Attention: layers.SelfAttention{Heads: m.Heads, Dropout: m.AttnDropout, Names: layers.BERTAttention, Std: m.InitStd},
		MLP:       layers.MLP{Hidden: m.Hidden, Act: act, Names: layers.BERTMLP, Std: m.InitStd},
		Norm:      m.norm(), Dropout: m.Dropout, Names: layers.BERTBlock,
	}
}
