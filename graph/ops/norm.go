package ops

import (
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// LayerNorm is y = (x − mean)/√(var + eps) · w + b over the last axis, with the biased variance: (…, C) → (…, C)
// (Ba, Kiros and Hinton 2016, arXiv 1607.06450). w and b are (C); b may be nil, or both.
func LayerNorm(x, w, b *G.Node, eps float64) (*G.Node, error) {
	return norm(normOptions{eps: eps}, x, w, b)
}

// RMSNorm is y = x/√(mean(x²) + eps) · w over the last axis (Zhang and Sennrich 2019, arXiv 1910.07467). w is (C) or nil.
func RMSNorm(x, w *G.Node, eps float64) (*G.Node, error) {
	return norm(normOptions{eps: eps, rms: true}, x, w, nil)
}

// normOptions are the options of a norm and its optional operands.
type normOptions struct {
	eps     float64
	rms     bool
	scaled  bool // has a weight
	shifted bool // has a bias
}

func norm(n normOptions, x, w, b *G.Node) (*G.Node, error) {
	name := "LayerNorm"
	if n.rms {
		name = "RMSNorm"
	}
	if !(n.eps >= 0) {
		return nil, errors.Errorf("ops: %s: eps %g: want 0 or more", name, n.eps)
	}
	in := []*G.Node{x}
	if n.scaled = w != nil; n.scaled {
		in = append(in, w)
	}
	if n.shifted = b != nil; n.shifted {
		if !n.scaled {
			return nil, errors.New("ops: LayerNorm: a bias without a weight: pass both or none")
		}
		in = append(in, b)
	}
	unread := []int{len(in)} // the result
	if n.rms {
		unread = append(unread, len(in)+1, len(in)+2) // the mean
	}
	if n.shifted {
		unread = append(unread, 2)
	}
	return New(Def{
		Name:     name,
		Attrs:    []any{n.eps},
		Shapes:   normShapes,
		Forward:  Kernel{normForward[float32](n), normForward[float64](n)},
		Backward: Kernel{normBackward[float32](n), normBackward[float64](n)},
		Unread:   unread,
		FLOPs:    func(in, _ []tensor.Shape) int { return 5 * size(in[0]) },
	}, in...)
}

// normShapes returns the shapes of the result and of every row's moments.
func normShapes(in []tensor.Shape) ([]tensor.Shape, error) {
	x := in[0]
	if len(x) == 0 || x[len(x)-1] == 0 {
		return nil, errors.Errorf("input %v has no channels", x)
	}
	c := x[len(x)-1]
	for _, w := range in[1:] {
		if !slices.Equal(w, []int{c}) {
			return nil, errors.Errorf("weight or bias %v for input %v: want (%d)", w, x, c)
		}
	}
	rows := tensor.Shape{size(x) / c}
	return []tensor.Shape{x.Clone(), rows, rows.Clone(), rows.Clone()}, nil
}

func normKernel[T kernel.Float](n normOptions, c *Call[T]) kernel.Norm[T] {
	k := kernel.Norm[T]{X: c.In[0].F, Cols: c.In[0].Cols(), Eps: n.eps, RMS: n.rms}
	if n.scaled {
		k.W = c.In[1].F
	}
	if n.shifted {
		k.B = c.In[2].F
	}
	return k
}

func normForward[T kernel.Float](n normOptions) func(*Call[T]) error {
	return func(c *Call[T]) error {
		normKernel(n, c).Forward(c.Out[0].F, kernel.Moments[T]{Mean: c.Out[1].F, Rest: c.Out[2].F, Rstd: c.Out[3].F})
		return nil
	}
}

func normBackward[T kernel.Float](n normOptions) func(*Call[T]) error {
	return func(c *Call[T]) error {
		kept := c.In[len(c.In)-5:] // y, mean, rest, rstd, dy
		var dw, db []T
		if n.scaled {
			dw = c.Out[1].F
		}
		if n.shifted {
			db = c.Out[2].F
		}
		normKernel(n, c).Backward(c.Out[0].F, dw, db, kept[4].F, kernel.Moments[T]{Mean: kept[1].F, Rest: kept[2].F, Rstd: kept[3].F})
		return nil
	}
}
