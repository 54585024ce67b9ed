// Package inside answers the questions of the page of train/report/page about the models of layers/models.
package inside

import (
	"slices"
	"sync"

	"github.com/pkg/errors"
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
	Tokenizer *tokenize.Tokenizer // nil for a model that reads no text
	Cuts      []Cutter            // other tokenizers for the same texts
	Sentences []string            // to begin with; nil means those of Samples
	Pictures  []Picture           // to choose from, for a vision model

	// Steps returns the checkpoints of the run, oldest first, and Load reads one of them into params. Both are nil without a run.
	Steps func() []int
	Load  func(step int, params *graph.Params) error

	// Examples returns the training data of a step, for the losses of their tokens. Nil without training data.
	Examples func(step int) ([]Example, error)

	mu     sync.Mutex // a training waits for it, so it is held for a moment only
	newest *weights
	spare  *weights // the newest before, whose memory and Programs Renew uses again
	wanted bool     // newer weights are wanted: see Renew

	loading sync.Mutex
	others  []*weights // of checkpoints, the last ones used, newest last

	spelling sync.Once
	spelled  []string // the tokens as a reader sees them, by id: see words
}

// weights are the weights of a step, with their Inspector. A question holds reading while it reads them.
type weights struct {
	step    int
	reading sync.RWMutex
	*inspect.Inspector
	results results
}

// mostOthers bounds the checkpoints whose weights are kept.
const mostOthers = 3

var _ page.Inside = (*Model)(nil)

// Set makes the newest weights those of params after a step. Nothing may write them later.
func (m *Model) Set(step int, params *graph.Params) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.newest = &weights{step: step, Inspector: inspect.New(params, m.Model)}
}

// Wanted reports whether a page has read the newest weights since the last Renew.
func (m *Model) Wanted() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.wanted
}

// Renew copies the weights of a model in training after a step, between two steps. The pages read the copy. Renew waits for no page: it
// leaves weights that are being read to their readers.
func (m *Model) Renew(step int, params *graph.Params) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := m.spare
	if w == nil || !w.reading.TryLock() {
		w = &weights{Inspector: inspect.New(graph.NewParams(params.Dtype(), params.Seed()), m.Model)}
		if err := w.Declare(); err != nil {
			return err
		}
		w.reading.Lock()
	}
	defer w.reading.Unlock()
	w.results.clear()
	if err := inspect.Copy(w.Params(), params); err != nil {
		return err
	}
	w.step, m.wanted = step, false
	m.newest, m.spare = w, m.newest
	return nil
}

// at returns the weights of a step, -1 for the newest, and a function that ends their use.
func (m *Model) at(step int) (w *weights, done func(), err error) {
	if step != -1 {
		if w, err = m.checkpoint(step); err != nil {
			return nil, nil, err
		}
		return w, func() {}, nil // nothing writes the weights of a checkpoint
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.newest == nil {
		return nil, nil, errors.New("the model has no weights yet: wait for the first steps")
	}
	m.wanted, w = true, m.newest
	w.reading.RLock() // Renew holds it only together with m.mu
	return w, w.reading.RUnlock, nil
}

// checkpoint returns the weights of a checkpoint.
func (m *Model) checkpoint(step int) (*weights, error) {
	m.loading.Lock()
	defer m.loading.Unlock()
	if m.Steps == nil || !slices.Contains(m.Steps(), step) {
		return nil, errors.Errorf("there is no checkpoint of step %d", step)
	}
	if i := slices.IndexFunc(m.others, func(w *weights) bool { return w.step == step }); i >= 0 {
		w := m.others[i]
		m.others = append(slices.Delete(m.others, i, i+1), w)
		return w, nil
	}
	w := &weights{step: step, Inspector: inspect.New(graph.NewParams(tensor.Float32, 1), m.Model)}
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
