package ops

import (
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Softmax is exp(x) / Σ exp(x) over the last axis. A row of only −Inf gives zeros and a zero gradient.
func Softmax(x *G.Node) (*G.Node, error) {
	return rowwise("Softmax", Kernel{softmax[float32], softmax[float64]}, Kernel{softmaxBackward[float32], softmaxBackward[float64]}, x)
}

// LogSoftmax is x − log Σ exp(x) over the last axis. A row of only −Inf stays −Inf, with a zero gradient.
func LogSoftmax(x *G.Node) (*G.Node, error) {
	return rowwise("LogSoftmax", Kernel{logSoftmax[float32], logSoftmax[float64]}, Kernel{logSoftmaxBackward[float32], logSoftmaxBackward[float64]}, x)
}

// rowwise makes an operation on rows whose gradient needs only the result.
func rowwise(name string, forward, backward Kernel, x *G.Node) (*G.Node, error) {
	return New(Def{
		Name: name,
		Shapes: func(in []tensor.Shape) ([]tensor.Shape, error) {
			if len(in[0]) == 0 {
				return nil, errors.New("a scalar has no last axis")
			}
			return sameShape(in)
		},
		Forward: forward, Backward: backward,
		Unread:  []int{0},
		InPlace: []int{0},
		FLOPs:   func(in, _ []tensor.Shape) int { return 4 * size(in[0]) },
	}, x)
}

func softmax[T kernel.Float](c *Call[T]) error {
	kernel.Softmax(c.Out[0].F, c.In[0].F, c.In[0].Cols())
	return nil
}

func softmaxBackward[T kernel.Float](c *Call[T]) error {
	kernel.SoftmaxGrad(c.Out[0].F, c.In[1].F, c.In[2].F, c.In[0].Cols())
	return nil
}

func logSoftmax[T kernel.Float](c *Call[T]) error {
	kernel.LogSoftmax(c.Out[0].F, c.In[0].F, c.In[0].Cols())
	return nil
}

func logSoftmaxBackward[T kernel.Float](c *Call[T]) error {
	kernel.LogSoftmaxGrad(c.Out[0].F, c.In[1].F, c.In[2].F, c.In[0].Cols())
	return nil
}
