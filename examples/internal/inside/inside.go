// Package inside answers the questions of the page of train/report/page about the models of layers/models.
package inside

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/pkg/errors"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/inspect"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/tokenize"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// Model is a model with the weights to look at. It implements page.Inside.
type Model struct {
	Model     models.Model
	Tokenizer *tokenize.Tokenizer
	Cuts      []Cutter // other tokenizers for the same texts

	// Steps returns the checkpoints of the run, oldest first, and Load reads one of them into params. Both are nil without a run.
	Steps func() []int
	Load  func(step int, params *graph.Params) error

	// Texts returns the texts of a step, for the losses of their tokens. Nil without training data.
	Texts func(step int) ([][]int32, error)

	mu     sync.Mutex
	newest *weights
	others []*weights // of checkpoints, the last ones used, newest last
	wanted bool       // newer weights are wanted: see Renew
}

// weights are the weights of a step, with their Inspector.
type weights struct {
	step int
	*inspect.Inspector
}

// mostOthers bounds the checkpoints whose weights are kept.
const mostOthers = 3

var _ page.Inside = (*Model)(nil)

// Set makes the newest weights those of params after a step. Nothing may write them later.
func (m *Model) Set(step int, params *graph.Params) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.newest = &weights{step, inspect.New(params, m.Model)}
}

// Wanted reports whether a page has read the newest weights since the last Renew.
func (m *Model) Wanted() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wanted
}

// Renew copies the weights of a model in training after a step, between two steps. The pages read the copy.
func (m *Model) Renew(step int, params *graph.Params) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.wanted = false
	w := &weights{step, inspect.New(graph.NewParams(params.Dtype(), params.Seed()), m.Model)}
	if err := w.Declare(); err != nil {
		return err
	}
	if err := inspect.Copy(w.Params(), params); err != nil {
		return err
	}
	m.newest = w
	return nil
}

// at returns the weights of a step, -1 for the newest.
func (m *Model) at(step int) (*weights, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if step == -1 {
		if m.newest == nil {
			return nil, errors.New("the model has no weights yet: wait for the first steps")
		}
		m.wanted = true
		return m.newest, nil
	}
	if m.Steps == nil || !slices.Contains(m.Steps(), step) {
		return nil, errors.Errorf("there is no checkpoint of step %d", step)
	}
	if i := slices.IndexFunc(m.others, func(w *weights) bool { return w.step == step }); i >= 0 {
		w := m.others[i]
		m.others = append(slices.Delete(m.others, i, i+1), w)
		return w, nil
	}
	w := &weights{step, inspect.New(graph.NewParams(tensor.Float32, 1), m.Model)}
	if err := w.Declare(); err != nil {
		return nil, err
	}
	if err := m.Load(step, w.Params()); err != nil {
		return nil, err
	}
	if len(m.others) == mostOthers {
		m.others = slices.Delete(m.others, 0, 1)
	}
	m.others = append(m.others, w)
	return w, nil
}

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
}

// About implements page.Inside.
func (m *Model) About() page.About {
	var n numbers
	if config, err := json.Marshal(m.Model); err == nil {
		json.Unmarshal(config, &n) // a missing number stays 0
	}
	a := page.About{
		Kind: m.kind(), Family: n.ModelType, Dim: first(n.NEmbd, n.DModel, n.Hidden), Layers: first(n.NLayer, n.NLayers, n.NumLayers, n.T5, n.Encoder),
		Heads: first(n.NHead, n.NHeads, n.NumHeads, n.T5Heads, n.Nhead), Samples: Samples(), Steps: []int{},
	}
	if w, ok := m.Model.(interface{ Window() int }); ok {
		a.Context = w.Window()
	}
	if m.Tokenizer != nil {
		a.Vocabulary, a.Tokenizer = m.Tokenizer.VocabSize(), tokenizerName(m.Tokenizer)
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
	case models.TextEncoder:
		return "encoder"
	case models.ViT:
		return "pictures"
	case models.Seq2Seq, models.T5:
		return "pairs"
	}
	return "none"
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
