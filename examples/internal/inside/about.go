package inside

import (
	"encoding/json"
	"fmt"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/message"

	"github.com/gorgoformer/gorgoformer/examples/internal/encoders"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// numbers are the fields of config.json that the page shows, in the spellings of the families.
type numbers struct {
	ModelType string `json:"model_type"`
	NEmbd     int    `json:"n_embd"`
	DModel    int    `json:"d_model"`
	Hidden    int    `json:"hidden_size"`
	NLayer    int    `json:"n_layer"`
	NLayers   int    `json:"n_layers"`
	NumLayers int    `json:"num_hidden_layers"`
	Encoder   int    `json:"num_encoder_layers"`
	T5        int    `json:"num_layers"`
	NHead     int    `json:"n_head"`
	NHeads    int    `json:"n_heads"`
	NumHeads  int    `json:"num_attention_heads"`
	Nhead     int    `json:"nhead"`
	T5Heads   int    `json:"num_heads"`
	Blocks    int    `json:"num_blocks"`   // SASRec's, like the next
	Units     int    `json:"hidden_units"` // channels
}

// About implements page.Inside.
func (m *Model) About() page.About {
	var n numbers
	if config, err := json.Marshal(m.Model); err == nil {
		json.Unmarshal(config, &n) // a missing number stays 0
	}
	a := page.About{
		Kind: m.kind(), Predicts: m.predicts(), Family: n.ModelType, Dim: first(n.NEmbd, n.DModel, n.Hidden, n.Units), Layers: first(n.NLayer, n.NLayers, n.NumLayers, n.T5, n.Encoder, n.Blocks),
		Heads: first(n.NHead, n.NHeads, n.NumHeads, n.T5Heads, n.Nhead), Samples: m.samples(), Pictures: []string{}, Steps: []int{},
	}
	if w, ok := m.Model.(interface{ Window() int }); ok {
		a.Context = w.Window()
	}
	if m.Tokenizer != nil {
		a.Vocabulary, a.Tokenizer = m.Tokenizer.VocabSize(), tokenizerName(m.Tokenizer)
		if id, ok := m.Tokenizer.Mask(); ok && a.Predicts == "mask" {
			a.Mask, _ = m.Tokenizer.IDToToken(id)
		}
	}
	for _, p := range m.Pictures {
		a.Pictures = append(a.Pictures, p.Name)
	}
	if m.Steps != nil {
		a.Steps = m.Steps()
	}
	m.mu.Lock()
	if m.newest != nil {
		a.Parameters = m.newest.Params().Size()
	}
	m.mu.Unlock()
	a.Title = message.NewPrinter(language.English).Sprintf("%s of %d parameters", a.Family, a.Parameters)
	return a
}

// kind returns the page's name for the kind of the model.
func (m *Model) kind() string {
	switch m.Model.(type) {
	case models.LanguageModel:
		return "causal"
	case models.TextEncoder, models.Classifier:
		return "encoder"
	case models.ViT:
		return "pictures"
	case models.Seq2Seq, models.T5:
		return "pairs"
	case models.SASRec:
		return "items"
	}
	return "none"
}

// predicts returns the page's name for the result of the model.
func (m *Model) predicts() string {
	switch f := m.Model.(type) {
	case models.SASRec:
		return "item"
	case models.TextEncoder:
		switch {
		case len(m.labels()) > 0:
			return "class"
		case headOf(f) == "none":
			return ""
		}
		return "mask"
	case models.Classifier, models.ViT:
		return "class"
	}
	return "token"
}

// headOf returns the head of a text encoder.
func headOf(m models.TextEncoder) string {
	switch f := m.(type) {
	case models.BERT:
		return f.Head
	case models.ModernBERT:
		return f.Head
	}
	return ""
}

// labels returns the names of the model's classes.
func (m *Model) labels() []string {
	switch f := m.Model.(type) {
	case models.ViT:
		return f.Labels
	case models.Classifier:
		return f.Labels
	case models.TextEncoder:
		labels, _ := encoders.Labels(f)
		return labels
	}
	return nil
}

// first returns the first number that is not 0.
func first(n ...int) int {
	for _, v := range n {
		if v != 0 {
			return v
		}
	}
	return 0
}

// Samples returns the sentences of the page.
func Samples() []string {
	return []string{
		"The rays of light differ in colour, and they are bent by the prism.",
		"The cat sat on the mat because it was tired.",
		"빛은 프리즘을 지나며 여러 색으로 나뉜다.",
		"고양이가 피곤해서 매트 위에 앉았다. 👩‍👩‍👧",
		"A journey of a thousand miles begins with a single step. 천 리 길도 한 걸음부터.",
	}
}

// samples returns the sentences for the model. One for a masked language model has a hidden word.
func (m *Model) samples() []string {
	if m.Sentences != nil {
		return m.Sentences
	}
	switch m.predicts() {
	case "item":
		return []string{"1 2 3", "5 4 3 2 1"}
	case "mask":
		if id, ok := m.Tokenizer.Mask(); ok {
			hidden, _ := m.Tokenizer.IDToToken(id)
			all := []string{}
			for _, s := range Samples() {
				words := strings.Fields(s)
				words[len(words)/2] = hidden
				all = append(all, strings.Join(words, " "))
			}
			return all
		}
	}
	if m.kind() == "pictures" {
		return []string{}
	}
	return Samples()
}

// tokenizerName returns the name of a tokenizer's model.
func tokenizerName(t *tokenize.Tokenizer) string {
	switch t.Stages().Model.(type) {
	case *tokenize.BPE:
		return "BPE"
	case *tokenize.WordPiece:
		return "WordPiece"
	case *tokenize.Unigram:
		return "Unigram"
	case *tokenize.WordLevel:
		return "words"
	}
	return fmt.Sprintf("%T", t.Stages().Model)
}
