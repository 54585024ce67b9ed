package layers

import (
	"cmp"
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// PaddedPositions adds a learned vector for each position, as LearnedPositions does: (B, T, C) → (B, T, C). Positions count the tokens
// of a text that are not Pad, from Pad+1 on. A token Pad has position Pad (Hugging Face's RoBERTa). It is an error if T exceeds
// Max−Pad−1.
//
// Parameters: weight (Max, C), normal with standard deviation Std, or 0.02 if Std is 0. Shown: as LearnedPositions.
type PaddedPositions struct {
	Max int
	Pad int // id of the token that pads texts
	Std float64
}

// Forward declares the layer for x with the given tokens, int32 (B, T).
func (l PaddedPositions) Forward(s *graph.Scope, x, tokens *G.Node) *G.Node {
	dims := s.Dims(x, 3)
	if t, most := dims[1], l.Max-l.Pad-1; l.Pad < 0 || t > most {
		return s.Failf("padded positions: %d tokens exceed the %d positions after the padding's %d: shorten the sequence or train with more positions", t, most, l.Pad)
	}
	table := s.Param("weight", graph.Normal(cmp.Or(l.Std, 0.02)), l.Max, dims[2])
	rows := s.Try(ops.New(l.def(), table, tokens)) // (B, T, C)
	s.Show("positions", func() *G.Node { return rows })
	return shown(s, s.Add(x, rows))
}

// def defines the rows of a table, (Max, C), at the positions of tokens, int32 (B, T): → (B, T, C).
func (l PaddedPositions) def() ops.Def {
	return ops.Def{
		Name:  "PaddedPositions",
		Attrs: []any{l.Pad},
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			if len(in[0]) != 2 || len(in[1]) != 2 || in[1][1] > in[0][0]-l.Pad-1 {
				return nil, errors.Errorf("table %v and tokens %v: want (Max, C) and (B, T) with T ≤ Max−%d", in[0], in[1], l.Pad+1)
			}
			return []tensor.Shape{append(slices.Clone(in[1]), in[0][1])}, nil
		},
		Forward:  ops.Kernel{F32: paddedRows[float32](l.Pad), F64: paddedRows[float64](l.Pad)},
		Backward: ops.Kernel{F32: addPaddedRows[float32](l.Pad), F64: addPaddedRows[float64](l.Pad)},
		Unread:   []int{0, 2},
	}
}

// eachPosition calls f for every token: its index and its position.
func eachPosition(tokens []int32, t, pad int, f func(i, position int)) {
	position := pad
	for i, id := range tokens {
		if i%t == 0 {
			position = pad
		}
		if int(id) == pad {
			f(i, pad)
			continue
		}
		position++
		f(i, position)
	}
}

func paddedRows[T kernel.Float](pad int) func(*ops.Call[T]) error {
	return func(c *ops.Call[T]) error {
		table, tokens, n := c.In[0].F, c.In[1], c.In[0].Cols()
		eachPosition(tokens.I, tokens.Cols(), pad, func(i, p int) { copy(c.Out[0].F[i*n:][:n], table[p*n:]) })
		return nil
	}
}

func addPaddedRows[T kernel.Float](pad int) func(*ops.Call[T]) error {
	return func(c *ops.Call[T]) error {
		tokens, d, dtable, n := c.In[1], c.In[3].F, c.Out[0].F, c.Out[0].Cols()
		clear(dtable)
		eachPosition(tokens.I, tokens.Cols(), pad, func(i, p int) {
			row := dtable[p*n:][:n]
			for j, v := range d[i*n:][:n] {
				row[j] += v
			}
		})
		return nil
	}
}
