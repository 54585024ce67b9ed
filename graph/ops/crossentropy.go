package ops

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// IgnoreTarget is the target of positions that do not count, as in PyTorch.
const IgnoreTarget = -100

// CrossEntropy is the mean of −log softmax(logits)[target] over the targets that are not IgnoreTarget: (…, V) and int32 (…) →
// scalar. With smoothing s the target distribution is (1−s)·one-hot + s/V (Szegedy et al. 2016). The loss is 0 if no target counts.
//
// At run time it is an error if a target is neither IgnoreTarget nor in 0…V−1. The error names the target, its position and V.
func CrossEntropy(logits, targets *G.Node, smoothing float64) (*G.Node, error) {
	if !(smoothing >= 0 && smoothing <= 1) { // NaN is refused too
		return nil, errors.Errorf("ops: CrossEntropy: smoothing %g is not in 0…1", smoothing)
	}
	return New(Def{
		Name:  "CrossEntropy",
		Attrs: []any{smoothing},
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			l := in[0]
			if len(l) == 0 || targets.Dtype() != tensor.Int32 || !slices.Equal(l[:len(l)-1], in[1]) {
				return nil, errors.Errorf("logits %v and targets %v of type %v: want (…, V) and int32 (…)", l, in[1], targets.Dtype())
			}
			return []tensor.Shape{{}, {size(in[1])}, {size(in[1])}}, nil // the loss and the normalizer
		},
		Forward: Kernel{crossEntropy[float32](smoothing), crossEntropy[float64](smoothing)},
		Targets: []int{1},
		FLOPs:   func(in, _ []tensor.Shape) int { return 4 * size(in[0]) },
		Grad: func(d Derivation) ([]*G.Node, error) {
			top, err := d.Out(1)
			if err != nil {
				return nil, err
			}
			inverse, err := d.Out(2)
			if err != nil {
				return nil, err
			}
			dx, err := d.result(crossEntropyGrad(smoothing), d.In[0], d.In[1], top, inverse, d.D)
			return []*G.Node{dx, nil}, err
		},
	}, logits, targets)
}

func crossEntropyGrad(smoothing float64) Def {
	return Def{
		Name:    "CrossEntropyBackward",
		Attrs:   []any{smoothing},
		Shapes:  sameShape,
		Forward: Kernel{crossEntropyBackward[float32](smoothing), crossEntropyBackward[float64](smoothing)},
		InPlace: []int{0},
		FLOPs:   func(in, _ []tensor.Shape) int { return 4 * size(in[0]) },
	}
}

func crossEntropyKernel[T kernel.Float](c *Call[T], smoothing float64) kernel.CrossEntropy[T] {
	return kernel.CrossEntropy[T]{Logits: c.In[0].F, Targets: c.In[1].I, V: c.In[0].Cols(), Ignore: IgnoreTarget, Smoothing: smoothing}
}

func crossEntropy[T kernel.Float](smoothing float64) func(*Call[T]) error {
	return func(c *Call[T]) error {
		k := crossEntropyKernel(c, smoothing)
		if err := k.Check(); err != nil {
			return err
		}
		c.Out[0].F[0] = T(k.Forward(kernel.Normalizer[T]{Top: c.Out[1].F, Inverse: c.Out[2].F}))
		return nil
	}
}

func crossEntropyBackward[T kernel.Float](smoothing float64) func(*Call[T]) error {
	return func(c *Call[T]) error {
		n := kernel.Normalizer[T]{Top: c.In[2].F, Inverse: c.In[3].F}
		crossEntropyKernel(c, smoothing).Backward(c.Out[0].F, n, float64(c.In[4].F[0]))
		return nil
	}
}
