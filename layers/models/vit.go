package models

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/layers"
)

// ViT is the Vision Transformer, which assigns one of several labels to a picture: an embedding of square patches, a class token, learned
// positions and pre-norm blocks (Dosovitskiy et al. 2021, arXiv 2010.11929). Its JSON form is Hugging Face's config.json of model_type
// vit. For published weights, see [ViT.Rename] and [ViT.Ignore].
//
// Parameters: vit.embeddings.cls_token, vit.embeddings.position_embeddings, vit.embeddings.patch_embeddings.projection.weight, …,
// vit.encoder.layer.0.…, vit.layernorm.…, classifier.…; with Layout torch: patch_embed.…, cls_token, pos_embed, encoder.layers.0.… as
// torch.nn.TransformerEncoder, norm.…, head.….
type ViT struct {
	Layout string   // names and layouts of the parameters: "vit" or "torch"; "" means vit
	Labels []string // names of the classes

	Size     int // width and height of a picture in pixels, a multiple of Patch
	Patch    int // width and height of a patch in pixels
	Channels int // colours of a pixel; 0 means 3
	Layers   int
	Heads    int
	Dim      int
	Hidden   int // hidden width of the MLPs; 0 means 4·Dim

	Activation string  // "" means gelu
	Eps        float64 // of the norms; 0 means 1e-12
	NoQKVBias  bool    // no biases of queries, keys and values
	InitStd    float64 // standard deviation of the initial weights; 0 means 0.02

	Dropout     float64 // of the embeddings and of the results of attention and MLP in each block
	AttnDropout float64 // of the attention's probabilities
}

// vitLayout holds the names of a layout.
type vitLayout struct {
	embeddings       string // scope of the embeddings, "" for the top
	patches          string
	flat             bool // patches have a weight of two axes
	positions        string
	blocks           string
	block            layers.BlockNames
	attention        layers.AttentionNames
	mlp              layers.MLPNames
	norm, classifier string
}

var vitLayouts = map[string]vitLayout{
	"vit": {
		embeddings: "vit.embeddings", patches: "patch_embeddings.projection", positions: "position_embeddings", blocks: "vit.encoder.layer",
		block: layers.ViTBlock, attention: layers.ViTAttention, mlp: layers.BERTMLP, norm: "vit.layernorm", classifier: "classifier",
	},
	"torch": {
		patches: "patch_embed", flat: true, positions: "pos_embed", blocks: "encoder.layers", block: layers.PyTorchBlock,
		attention: layers.PyTorchAttention, mlp: layers.PyTorchMLP, norm: "norm", classifier: "head",
	},
}

func (m ViT) withDefaults() ViT {
	m.Layout, m.Channels, m.Hidden = cmp.Or(m.Layout, "vit"), cmp.Or(m.Channels, 3), cmp.Or(m.Hidden, 4*m.Dim)
	m.Activation, m.Eps, m.InitStd = cmp.Or(m.Activation, "gelu"), cmp.Or(m.Eps, 1e-12), cmp.Or(m.InitStd, 0.02)
	return m
}

// Check returns an error that names the first field with an invalid value.
func (m ViT) Check() error {
	const name = "ViT"
	err := cmp.Or(
		atLeast(1, name, field[int]{"Size", m.Size}, field[int]{"Patch", m.Patch}, field[int]{"Layers", m.Layers}, field[int]{"Heads", m.Heads}, field[int]{"Dim", m.Dim}),
		atLeast(0, name, field[int]{"Channels", m.Channels}, field[int]{"Hidden", m.Hidden}),
		probabilities(name, field[float64]{"Dropout", m.Dropout}, field[float64]{"AttnDropout", m.AttnDropout}),
		magnitudes(name, field[float64]{"Eps", m.Eps}, field[float64]{"InitStd", m.InitStd}),
	)
	if err != nil {
		return err
	}
	if err := heads(name, m.Dim, m.Heads); err != nil {
		return err
	}
	if err := checkLabels(name, m.Labels); err != nil {
		return err
	}
	m = m.withDefaults()
	if m.Size%m.Patch != 0 {
		return errors.Errorf("models: ViT: Size %d is not a multiple of Patch %d", m.Size, m.Patch)
	}
	if _, ok := vitLayouts[m.Layout]; !ok {
		return errors.Errorf("models: ViT: unknown Layout %q, want one of %s", m.Layout, names(vitLayouts))
	}
	_, err = activation(m.Activation)
	return err
}

// Loss declares the model for training and evaluation on b pictures of size·size pixels. For a size other than Size, the positions are
// interpolated: see [layers.PatchPositions]. Inputs: "pixels" (b, Channels, size, size); "targets", int32 (b), the classes. Output:
// "logits" (b, classes). The loss is the mean cross-entropy over the targets that are not -100.
func (m ViT) Loss(b, size int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		logits := m.scores(s, b, size, false)
		s.Output("logits", logits)
		s.Minimize(s.Try(ops.CrossEntropy(logits, s.Input("targets", tensor.Int32, b), 0)))
	}
}

// Logits declares the model for b pictures of size·size pixels without known classes. Input: "pixels" (b, Channels, size, size). Output:
// "logits" (b, classes).
func (m ViT) Logits(b, size int) func(*graph.Scope) {
	return func(s *graph.Scope) { s.Output("logits", m.scores(s, b, size, false)) }
}

// Attention is Logits with the probabilities of the attention of each layer as outputs, (b, Heads, N+1, N+1), for the class token and then
// the N patches row by row. [ViT.Probabilities] returns their names.
func (m ViT) Attention(b, size int) func(*graph.Scope) {
	return func(s *graph.Scope) {
		s.Look("**.probabilities")
		s.Output("logits", m.scores(s, b, size, true))
	}
}

// Probabilities returns the name of the output of [ViT.Attention] for a layer, counted from 0.
func (m ViT) Probabilities(layer int) string {
	f := vitLayouts[m.withDefaults().Layout]
	return fmt.Sprintf("%s.%d.%s.probabilities", f.blocks, layer, f.block.Attention)
}

// scores declares the model. With whole, the last block computes the results of all tokens, though only the class token's counts.
func (m ViT) scores(s *graph.Scope, b, size int, whole bool) *G.Node {
	if err := m.Check(); err != nil {
		return s.Failf("%v", err)
	}
	d := m.withDefaults()
	pixels := s.Input("pixels", s.Dtype(), b, d.Channels, size, size)
	x := d.encode(s, pixels, layers.Sequence{}, !whole)   // (B, 1 or N+1, C)
	x = layers.CLSPool{}.Forward(s, x, layers.Sequence{}) // (B, C)
	return layers.Linear{Out: len(m.Labels), Std: d.InitStd}.Forward(s.In(vitLayouts[d.Layout].classifier), x)
}

// Forward declares the model without its head: (B, Channels, Y, X) → (B, N+1, C), the class token and then the N patches row by row. For
// pictures of other sides than Size, the positions are interpolated.
func (m ViT) Forward(s *graph.Scope, pixels *G.Node, seq layers.Sequence) *G.Node {
	if err := m.Check(); err != nil {
		return s.Failf("%v", err)
	}
	return m.withDefaults().encode(s, pixels, seq, false)
}

// encode declares a model with defaults without its head. With first, only the class token's result is computed: (B, 1, C).
func (m ViT) encode(s *graph.Scope, pixels *G.Node, seq layers.Sequence, first bool) *G.Node {
	f := vitLayouts[m.Layout]
	at := s
	if f.embeddings != "" {
		at = s.In(f.embeddings)
	}
	dims := s.Dims(pixels, 4)
	x := layers.PatchEmbedding{Dim: m.Dim, Size: m.Patch, Flat: f.flat, Std: m.InitStd}.Forward(at.In(f.patches), pixels) // (B, N, C)
	x = layers.ClassToken{Std: m.InitStd}.Forward(at, x)                                                                  // (B, N+1, C)
	positions := layers.PatchPositions{Name: f.positions, Side: m.Size / m.Patch, Std: m.InitStd}
	x = positions.Forward(at, x, dims[2]/m.Patch, dims[3]/m.Patch)
	x = layers.Dropout{P: m.Dropout}.Forward(s.In("embeddings.dropout"), x)
	block := m.block(f)
	for i, at := range s.In(f.blocks).Parts(m.Layers) {
		if first && i == m.Layers-1 {
			x = block.First(at, x, seq)
		} else {
			x = block.Forward(at, x, seq)
		}
	}
	return block.Norm.Forward(s.In(f.norm), x)
}

// block returns a block of a model with defaults.
func (m ViT) block(f vitLayout) layers.PreNorm {
	act, _ := activation(m.Activation) // Check has validated it
	return layers.PreNorm{
		Attention: layers.SelfAttention{Heads: m.Heads, Dropout: m.AttnDropout, NoBias: m.NoQKVBias, Names: f.attention, Std: m.InitStd},
		MLP:       layers.MLP{Hidden: m.Hidden, Act: act, Names: f.mlp, Std: m.InitStd},
		Norm:      layers.Norm{Eps: m.Eps}, Dropout: m.Dropout, Names: f.block,
	}
}

// Rename returns the parameter's path for a tensor's name in a file. It adds the prefix "vit." to the names of files without a head, and
// removes the parts that [Unwrap] removes. With [ViT.Ignore] it loads published weights, as [GPT.Rename] does.
func (m ViT) Rename(name string) string {
	name = Unwrap(name)
	if cmp.Or(m.Layout, "vit") != "vit" {
		return name
	}
	for _, part := range []string{"embeddings.", "encoder.", "layernorm.", "pooler."} {
		if strings.HasPrefix(name, part) {
			return "vit." + name
		}
	}
	return name
}

// Ignore reports whether a renamed tensor of a file is not a parameter of m: the pooler, which classifiers do not use, or the vector that
// replaces masked patches in pretraining.
func (m ViT) Ignore(path string) bool {
	return cmp.Or(m.Layout, "vit") == "vit" && (strings.HasPrefix(path, "vit.pooler.") || path == "vit.embeddings.mask_token")
}

// Tied returns "": there is no tied head.
func (m ViT) Tied() (head, table string) { return "", "" }
