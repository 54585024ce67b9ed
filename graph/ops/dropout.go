package ops

import (
	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// StreamShape is the shape of the int32 node that selects a stream of random numbers: its low and high 32 bits.
var StreamShape = tensor.Shape{2}

// Dropout sets elements to zero with probability p and divides the others by 1−p (Srivastava et al. 2014). The mask depends only on
// key (one for each path of a model), on stream (one for each step) and on the element's index. The gradient therefore recomputes
// the mask instead of storing it, and a repeated step has the same mask.
func Dropout(x, stream *G.Node, p float64, key uint64) (*G.Node, error) {
	if !(p >= 0 && p <= 1) { // NaN is refused too
		return nil, errors.Errorf("ops: Dropout: probability %g is not in 0…1", p)
	}
	return New(Def{
		Name:  "Dropout",
		Attrs: []any{p, key},
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			if err := checkStream(in[1], stream); err != nil {
				return nil, err
			}
			return sameShape(in)
		},
		Forward: Kernel{dropout[float32](p, key), dropout[float64](p, key)},
		InPlace: []int{0},
		FLOPs:   func(_, out []tensor.Shape) int { return size(out[0]) },
		Grad: func(d Derivation) ([]*G.Node, error) {
			dx, err := Dropout(d.D, stream, p, key)
			return []*G.Node{dx, nil}, err
		},
	}, x, stream)
}

func checkStream(shape tensor.Shape, n *G.Node) error {
	if n.Dtype() != tensor.Int32 || !StreamShape.Eq(shape) || len(shape) != 1 {
		return errors.Errorf("stream of type %v and shape %v: want int32 %v", n.Dtype(), shape, StreamShape)
	}
	return nil
}

func dropout[T kernel.Float](p float64, key uint64) func(*Call[T]) error {
	return func(c *Call[T]) error {
		kernel.Dropout(c.Out[0].F, c.In[0].F, p, seedOf(key, c.In[1].I))
		return nil
	}
}

func seedOf(key uint64, stream []int32) kernel.Seed {
	return kernel.Seed{Key: key, Stream: uint64(uint32(stream[0])) | uint64(uint32(stream[1]))<<32}
}
