package ops

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// MeanPool is the mean of the vectors of each sequence: (B, T, C) → (B, C). lengths, int32 (B), is the number of vectors of each
// sequence that count; nil means T. The others have no influence, and their gradients are zero. The mean of an empty sequence is zero.
//
// At run time a length outside 0…T is an error that names the sequence, the length and T.
func MeanPool(x, lengths *G.Node) (*G.Node, error) {
	return pool("MeanPool", x, lengths,
		Kernel{pooled(kernel.MeanPool[float32]), pooled(kernel.MeanPool[float64])},
		Kernel{spread(kernel.MeanPoolGrad[float32]), spread(kernel.MeanPoolGrad[float64])})
}

// LastPool is the last vector of each sequence: (B, T, C) → (B, C). lengths, int32 (B), is the number of vectors of each sequence
// that count; nil means T. It is zero for an empty sequence. Gradients and errors are as in MeanPool.
func LastPool(x, lengths *G.Node) (*G.Node, error) {
	return pool("LastPool", x, lengths,
		Kernel{pooled(kernel.LastPool[float32]), pooled(kernel.LastPool[float64])},
		Kernel{spread(kernel.LastPoolGrad[float32]), spread(kernel.LastPoolGrad[float64])})
}

func pool(name string, x, lengths *G.Node, forward, backward Kernel) (*G.Node, error) {
	in := []*G.Node{x}
	if lengths != nil {
		in = append(in, lengths)
	}
	return New(Def{
		Name: name,
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			if len(in[0]) != 3 {
				return nil, errors.Errorf("sequences %v, want (B, T, C)", in[0])
			}
			if lengths != nil && (len(in[1]) != 1 || in[1][0] != in[0][0] || lengths.Dtype() != tensor.Int32) {
				return nil, errors.Errorf("lengths %v of type %v for sequences %v, want int32 (%d)", in[1], lengths.Dtype(), in[0], in[0][0])
			}
			return []tensor.Shape{{in[0][0], in[0][2]}}, nil
		},
		Forward: forward, Backward: backward,
		Unread: []int{0, len(in)}, // neither x nor the result
		FLOPs:  func(in, _ []tensor.Shape) int { return size(in[0]) },
	}, in...)
}

// pooled returns the kernel of a pooling. It checks the lengths first.
func pooled[T kernel.Float](run func(y, x []T, s kernel.Sequences)) func(*Call[T]) error {
	return func(c *Call[T]) error {
		s := sequences(c.In)
		if err := kernel.CheckLengths(s.Lengths, s.T); err != nil {
			return err
		}
		run(c.Out[0].F, c.In[0].F, s)
		return nil
	}
}

// spread returns the kernel of a pooling's gradient.
func spread[T kernel.Float](run func(dx, dy []T, s kernel.Sequences)) func(*Call[T]) error {
	return func(c *Call[T]) error {
		run(c.Out[0].F, c.In[len(c.In)-1].F, sequences(c.In))
		return nil
	}
}

func sequences[T kernel.Float](in []Arg[T]) kernel.Sequences {
	s := kernel.Sequences{B: in[0].Shape[0], T: in[0].Shape[1], C: in[0].Shape[2]}
	if len(in) > 1 {
		s.Lengths = in[1].I
	}
	return s
}
