package inspect

import (
	"strings"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
)

// Matrix holds rows of equal length, one after the other.
type Matrix struct {
	Rows, Cols int
	Values     []float32
}

// Row returns a row. It is not a copy.
func (m Matrix) Row(i int) []float32 { return m.Values[i*m.Cols : (i+1)*m.Cols] }

// Stream is the vectors of all tokens at one place of the model: (T, C).
type Stream struct {
	Path string // of the layer whose result it is: wpe, h.0, h.1, …
	Matrix
}

// Attention is an attention layer with the probabilities of all its heads.
type Attention struct {
	Path          string
	Cross         bool      // the keys are those of an encoder-decoder's source
	Heads, T, S   int       // number of heads, queries and keys
	Probabilities []float32 // (H, T, S); the rows sum to 1
}

// Of returns the probabilities of a head: (T, S).
func (a Attention) Of(head int) Matrix {
	n := a.T * a.S
	return Matrix{a.T, a.S, a.Probabilities[head*n : (head+1)*n]}
}

// Reading holds the values inside a model for one input, in the order in which the model computes them.
type Reading struct {
	Vectors    []Stream // rows of the tables of token embeddings, one for each table
	Positions  []Stream // vectors that are added to them, one for each table; empty if the model adds none
	Streams    []Stream // the stream after positions and after each block
	Attentions []Attention
	Distances  []Stream // biases of the scores by distance, (H, T+S−1), one for each attention that has them
	Logits     Matrix   // one row for each token, or one row in all (classes, the next item); no rows if the model has no head
}

// Read runs the model on an input.
func (x *Inspector) Read(in Input) (*Reading, error) {
	d, err := x.declaration(in)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	p, err := x.run(d.key, d.declare, d.feed, x.shown(d.declare)...)
	if err != nil {
		return nil, err
	}
	return reading(p, len(in.Source) > 0), nil
}

// offered lists the values that Read shows if a layer of the model offers them.
var offered = []string{"**.vectors", "**.positions", "**.stream", "**.probabilities", "**.memory", "**.distance"}

// shown returns the patterns of offered that match a value of this model. Build refuses the others. The caller holds x.mu.
func (x *Inspector) shown(declare func(*graph.Scope)) []string {
	if x.patterns != nil {
		return x.patterns
	}
	x.patterns = []string{}
	for _, pattern := range offered {
		_, err := graph.Estimate(x.params, graph.Eval, func(s *graph.Scope) {
			s.Look(pattern)
			declare(s)
		})
		if err == nil {
			x.patterns = append(x.patterns, pattern)
		}
	}
	return x.patterns
}

// reading copies the outputs of a Program. pairs is true for an encoder-decoder.
func reading(p *graph.Program, pairs bool) *Reading {
	r := &Reading{}
	names := p.Outputs()
	for _, name := range names {
		out, path := p.Output(name), name
		if i := strings.LastIndexByte(name, '.'); i >= 0 {
			path = name[:i]
		}
		switch {
		case name == "logits" || name == "scores":
			r.Logits = matrix(out)
		case strings.HasSuffix(name, ".vectors"):
			r.Vectors = append(r.Vectors, Stream{path, matrix(out)})
		case strings.HasSuffix(name, ".positions"):
			r.Positions = append(r.Positions, Stream{path, matrix(out)})
		case strings.HasSuffix(name, ".stream"):
			r.Streams = append(r.Streams, Stream{path, matrix(out)})
		case strings.HasSuffix(name, ".distance"):
			r.Distances = append(r.Distances, Stream{path, matrix(out)})
		case strings.HasSuffix(name, ".probabilities"):
			shape := out.Shape() // (1, H, T, S)
			r.Attentions = append(r.Attentions, Attention{
				Path: path, Cross: pairs && p.Output(path+".memory") != nil, Heads: shape[1], T: shape[2], S: shape[3], Probabilities: values(out),
			})
		}
	}
	return r
}

// Head holds the values of one head of an attention.
type Head struct {
	Query, Key, Value Matrix // (T, D), (S, D) twice, as they enter the scores
	Scores            Matrix // (T, S) before the softmax, -Inf for keys that a query does not see
	Probabilities     Matrix // (T, S)
}

// Head runs the model on an input and returns the values of one head. path is that of an Attention.
func (x *Inspector) Head(in Input, path string, head int) (*Head, error) {
	d, err := x.declaration(in)
	if err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	p, err := x.run(d.key, d.declare, d.feed, path+".query", path+".key", path+".value", path+".scores", path+".probabilities")
	if err != nil {
		return nil, err
	}
	all := p.Output(path + ".probabilities").Shape() // (1, H, T, S)
	if head < 0 || head >= all[1] {
		return nil, errors.Errorf("inspect: %s has the heads 0 … %d, not %d", path, all[1]-1, head)
	}
	q := matrix(p.Output(path + ".query"))
	width := q.Cols / all[1]
	part := func(name string) Matrix { // of the head, or of the key-value head that it shares
		m := matrix(p.Output(path + "." + name))
		at := head * (m.Cols / width) / all[1] * width
		cut := Matrix{Rows: m.Rows, Cols: width}
		for i := range m.Rows {
			cut.Values = append(cut.Values, m.Row(i)[at:at+width]...)
		}
		return cut
	}
	square := func(name string) Matrix {
		n := all[2] * all[3]
		return Matrix{all[2], all[3], values(p.Output(path + "." + name))[head*n : (head+1)*n]}
	}
	return &Head{part("query"), part("key"), part("value"), square("scores"), square("probabilities")}, nil
}

// matrix copies a tensor of one sequence, with all axes but the last as rows.
func matrix(t *tensor.Dense) Matrix {
	shape := t.Shape()
	cols := shape[len(shape)-1]
	return Matrix{t.DataSize() / max(cols, 1), cols, values(t)}
}

// values copies the values of a tensor.
func values(t *tensor.Dense) []float32 {
	if t.Dtype() == tensor.Float32 {
		return append([]float32(nil), t.Float32s()...)
	}
	v := make([]float32, t.DataSize())
	for i, x := range t.Float64s() {
		v[i] = float32(x)
	}
	return v
}
