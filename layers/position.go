package layers

import (
	"cmp"
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// LearnedPositions adds a learned vector for each position: (B, T, C) → (B, T, C). It is an error if T exceeds Max.
//
// Parameters: weight (Max, C), normal with standard deviation Std, or 0.02 if Std is 0. Shown: positions, the vectors, and
// stream, the result.
type LearnedPositions struct {
	Max int
	Std float64
}

// Forward declares the layer.
func (l LearnedPositions) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	dims := s.Dims(x, 3)
	t, c := dims[1], dims[2]
	if t > l.Max {
		return s.Failf("learned positions: %d tokens exceed the %d positions: shorten the sequence or train with more positions", t, l.Max)
	}
	table := s.Param("weight", graph.Normal(cmp.Or(l.Std, 0.02)), l.Max, c) // (Max, C)
	return addPositions(s, x, table, seq)
}

// SinusoidalPositions adds sin(p/10000^(2i/C)) to channel 2i and the cosine of the same angle to channel 2i+1, where p is the
// position: (B, T, C) → (B, T, C) (Vaswani et al. 2017, section 3.5). It has no parameters. Shown: as LearnedPositions.
type SinusoidalPositions struct{}

// Forward declares the layer.
func (SinusoidalPositions) Forward(s *graph.Scope, x *G.Node, seq Sequence) *G.Node {
	dims := s.Dims(x, 3)
	return addPositions(s, x, s.ConstantFunc(s.Dtype(), sinusoids, max(dims[1], seq.Context), dims[2]), seq)
}

// addPositions adds to each vector the row of a table (Max, C) at the vector's position.
func addPositions(s *graph.Scope, x, table *G.Node, seq Sequence) *G.Node {
	var rows *G.Node
	if seq.Positions != nil {
		rows = s.Try(ops.Embedding(table, seq.Positions)) // (B, T, C)
	} else {
		rows = s.Try(ops.Slice(table, 0, 0, s.Dims(x, 3)[1])) // (T, C) repeats over B
	}
	s.Show("positions", func() *G.Node { return rows })
	return shown(s, s.Add(x, rows))
}

// sinusoids fills t, (Max, C), with the vectors of SinusoidalPositions.
func sinusoids(t *tensor.Dense) {
	channels := t.Shape()[1]
	fill(t, func(i int) float64 {
		p, c := i/channels, i%channels
		angle := float64(p) / math.Pow(10000, float64(c&^1)/float64(channels))
		if c&1 == 1 {
			return math.Cos(angle)
		}
		return math.Sin(angle)
	})
}
