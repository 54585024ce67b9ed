package ops

import (
	"math"
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// NegativeSampling is the mean of −log σ(positive) − log(1 − σ(negative)) over the places whose id is not 0: (…), (…) and int32 (…)
// → scalar. It is the sum of two binary cross-entropies: items of positive scores are right, items of negative scores are wrong (Kang and
// McAuley 2018, section III.E, arXiv 1808.09781). The loss is 0 if all ids are 0.
func NegativeSampling(positive, negative, ids *G.Node) (*G.Node, error) {
	return New(Def{
		Name:    "NegativeSampling",
		Targets: []int{2}, PadTargets: true,
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			if !slices.Equal(in[0], in[1]) || !slices.Equal(in[0], in[2]) || ids.Dtype() != tensor.Int32 || negative.Dtype() == tensor.Int32 {
				return nil, errors.Errorf("positive %v, negative %v and ids %v of type %v: want equal shapes, ids of int32", in[0], in[1], in[2], ids.Dtype())
			}
			return []tensor.Shape{{}}, nil
		},
		Forward:  Kernel{negativeSampling[float32], negativeSampling[float64]},
		Backward: Kernel{negativeSamplingBackward[float32], negativeSamplingBackward[float64]},
		Unread:   []int{3},
		FLOPs:    func(in, _ []tensor.Shape) int { return 8 * size(in[0]) },
	}, positive, negative, ids)
}

func negativeSampling[T kernel.Float](c *Call[T]) error {
	sum, n := 0.0, 0
	for i, id := range c.In[2].I {
		if id != 0 {
			sum += softplus(-float64(c.In[0].F[i])) + softplus(float64(c.In[1].F[i]))
			n++
		}
	}
	c.Out[0].F[0] = T(sum / float64(max(n, 1)))
	return nil
}

func negativeSamplingBackward[T kernel.Float](c *Call[T]) error {
	n := 0
	for _, id := range c.In[2].I {
		if id != 0 {
			n++
		}
	}
	scale := float64(c.In[4].F[0]) / float64(max(n, 1))
	for o, sign := range []float64{-1, 1} {
		if c.Out[o].F == nil {
			continue
		}
		for i, id := range c.In[2].I {
			if id == 0 {
				c.Out[o].F[i] = 0
			} else { // of softplus(±x)
				c.Out[o].F[i] = T(scale * sign / (1 + math.Exp(-sign*float64(c.In[o].F[i]))))
			}
		}
	}
	return nil
}

// softplus returns log(1 + eˣ).
func softplus(x float64) float64 { return max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }
