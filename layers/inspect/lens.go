package inspect

import (
	"fmt"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Lens applies the end of a language model, its final norm and its head, to the stream after a block: (T, C) → (T, V). It shows the
// tokens that the model would predict there (the logit lens). It is an error if the model has no method Head, as models.GPT has.
func (x *Inspector) Lens(s Stream) (Matrix, error) {
	m, ok := x.model.(interface {
		Head(b, t int) func(*graph.Scope)
	})
	if !ok {
		return Matrix{}, errors.Errorf("inspect: a model of type %T has no method Head, which declares its final norm and its head", x.model)
	}
	backing := any(s.Values)
	if x.params.Dtype() == tensor.Float64 {
		wide := make([]float64, len(s.Values))
		for i, v := range s.Values {
			wide[i] = float64(v)
		}
		backing = wide
	}
	feed := graph.Feed{"stream": tensor.New(tensor.WithShape(1, s.Rows, s.Cols), tensor.WithBacking(backing))}
	x.mu.Lock()
	defer x.mu.Unlock()
	p, err := x.run(fmt.Sprintf("head of %d tokens", s.Rows), m.Head(1, s.Rows), feed)
	if err != nil {
		return Matrix{}, err
	}
	return matrix(p.Output("logits")), nil
}
