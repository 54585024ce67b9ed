package inside

import (
	"slices"
	"sync"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/layers/inspect"
)

// results keeps the logits of the last inputs. A slider of the sampling then needs no run of the model. Its zero value is empty.
type results struct {
	mu   sync.Mutex
	kept []result // newest last
}

// result is an input with its logits.
type result struct {
	inspect.Input
	logits inspect.Matrix
}

// Limits of results.
const (
	mostResults = 4
	mostLogits  = 16 << 20 // numbers in all
)

// logits returns the logits of an input. Nothing may write them.
func (w *weights) logits(in inspect.Input) (inspect.Matrix, error) {
	if m, ok := w.results.find(in); ok {
		return m, nil
	}
	r, err := w.read(in)
	if err != nil {
		return inspect.Matrix{}, err
	}
	return r.Logits, nil
}

// read runs the model on an input and keeps the logits.
func (w *weights) read(in inspect.Input) (*inspect.Reading, error) {
	r, err := w.Read(in)
	if err != nil {
		return nil, err
	}
	for _, l := range r.Logits.Values {
		if l-l != 0 {
			return nil, errors.Errorf("the model of step %d computes %g: its training has diverged", w.step, l)
		}
	}
	w.results.add(in, r.Logits)
	return r, nil
}

func (r *results) find(in inspect.Input) (inspect.Matrix, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, k := range r.kept {
		if slices.Equal(k.Tokens, in.Tokens) && slices.Equal(k.Source, in.Source) && slices.Equal(k.Pixels, in.Pixels) {
			return k.logits, true
		}
	}
	return inspect.Matrix{}, false
}

func (r *results) add(in inspect.Input, logits inspect.Matrix) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = append(r.kept, result{in, logits})
	numbers := 0
	for _, k := range r.kept {
		numbers += len(k.logits.Values)
	}
	for len(r.kept) > mostResults || numbers > mostLogits && len(r.kept) > 0 {
		numbers -= len(r.kept[0].logits.Values)
		r.kept = slices.Delete(r.kept, 0, 1)
	}
}

func (r *results) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kept = nil
}
