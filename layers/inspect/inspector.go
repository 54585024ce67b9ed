package inspect

import (
	"fmt"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// Inspector reads texts or pictures with a model and keeps the values inside.
type Inspector struct {
	params *graph.Params
	model  any

	mu       sync.Mutex
	programs []program // the last ones used, newest last
	patterns []string  // of the values that Read shows; nil before the first Read

	tables sync.Mutex
	table  string // see TablePath; "" before its first call
}

// program is a Program with the key of its declaration.
type program struct {
	key string
	*graph.Program
}

// mostPrograms bounds the Programs that an Inspector keeps. One is built for each length of text.
const mostPrograms = 4

// New returns an Inspector of a model of package models, or of any model with the methods that Read needs, with the given weights.
func New(params *graph.Params, model any) *Inspector { return &Inspector{params: params, model: model} }

// Params returns the weights.
func (x *Inspector) Params() *graph.Params { return x.params }

// Declare makes the parameters of the model, so that weights can be loaded into them.
func (x *Inspector) Declare() error {
	d, err := x.declaration(x.least())
	if err != nil {
		return err
	}
	_, err = graph.Build(x.params, graph.Eval, d.declare)
	return errors.WithMessage(err, "inspect")
}

// least returns the smallest input of the model.
func (x *Inspector) least() Input {
	if m, ok := x.model.(models.ViT); ok {
		return Input{Pixels: make([]float32, channels(m)*m.Size*m.Size)}
	}
	return Input{Tokens: []int32{0}, Source: []int32{0}}
}

// Cost runs the model on an input, measures three more runs and keeps the fastest. It returns the memory of the Program and its operations.
func (x *Inspector) Cost(in Input) (graph.Memory, []graph.Operation, error) {
	d, err := x.declaration(in)
	if err != nil {
		return graph.Memory{}, nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	p, err := x.run(d.key, d.declare, d.feed)
	if err != nil {
		return graph.Memory{}, nil, err
	}
	var fastest []graph.Operation
	least := time.Duration(math.MaxInt64)
	for range 3 {
		profile, err := p.Profile(func() error { return p.Run(d.feed) })
		if err != nil {
			return graph.Memory{}, nil, errors.WithMessage(err, "inspect")
		}
		var all time.Duration
		for _, o := range profile.Operations {
			all += o.Time
		}
		if all < least {
			least, fastest = all, profile.Operations
		}
	}
	return p.Memory(), fastest, nil
}

// run builds or finds the Program of a declaration with some values shown, and runs it. The caller holds x.mu while it reads the results.
func (x *Inspector) run(key string, declare func(*graph.Scope), feed graph.Feed, looks ...string) (*graph.Program, error) {
	key = fmt.Sprint(key, looks)
	i := slices.IndexFunc(x.programs, func(p program) bool { return p.key == key })
	if i < 0 {
		built, err := graph.Build(x.params, graph.Eval, func(s *graph.Scope) {
			for _, pattern := range looks {
				s.Look(pattern)
			}
			declare(s)
		})
		if err != nil {
			return nil, errors.WithMessage(err, "inspect")
		}
		if len(x.programs) == mostPrograms {
			x.programs = slices.Delete(x.programs, 0, 1)
		}
		x.programs = append(x.programs, program{key, built})
		i = len(x.programs) - 1
	}
	p := x.programs[i]
	x.programs = append(slices.Delete(x.programs, i, i+1), p)
	return p.Program, errors.WithMessage(p.Run(feed), "inspect")
}

// Copy writes the values of all weights of src to the weights of the same paths and shapes in dst. It is an error if one is missing.
func Copy(dst, src *graph.Params) error {
	for path, from := range src.All() {
		to := dst.Value(path)
		if to == nil || !slices.Equal(to.Shape(), from.Shape()) || to.Dtype() != from.Dtype() {
			return errors.Errorf("inspect: copy: weight %s of shape %v has no equal in the other model", path, from.Shape())
		}
		switch data := from.Data().(type) {
		case []float32:
			copy(to.Float32s(), data)
		case []float64:
			copy(to.Float64s(), data)
		}
	}
	return nil
}
