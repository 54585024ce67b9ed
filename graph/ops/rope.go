package ops

import (
	"fmt"
	"math"
	"slices"

	"github.com/pkg/errors"
	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// RoPEOptions are the options of RoPE. HeadDim and Frequencies are required.
type RoPEOptions struct {
	HeadDim     int         // D, channels of a head
	Heads       int         // heads that rotate, from the start of a row; 0 means all
	Frequencies Frequencies // angle per position of each pair of channels, at most D/2
	Factor      float64     // factor on the cosines and sines, as in YaRN; 0 means 1
	Interleaved bool        // pair i is channels 2i and 2i+1 of a head; otherwise channels i and i+n of n pairs
}

// Frequencies are angles per position. As an attribute of an operation they print as their number.
type Frequencies []float64

func (f Frequencies) String() string { return fmt.Sprintf("%d frequencies", len(f)) }

// RoPE is rotary position embedding (Su et al. 2021, section 3.2.2, arXiv 2104.09864). In each head, the pair i of channels rotates
// by the angle p·Frequencies[i], where p is the position: (B, T, C) → (B, T, C). A row holds heads of HeadDim channels. Channels
// without a frequency and the heads from Heads on keep their values. So a packed projection (B, T, (H+2·KVHeads)·D) with Heads
// H+KVHeads rotates its queries and keys, in place if nothing else reads it.
//
// positions is int32 (B, T); nil means 0…T−1. At run time a negative position is an error. The gradient is the inverse rotation.
// Cosines and sines are computed in float64 and rounded once.
func RoPE(x, positions *G.Node, o RoPEOptions) (*G.Node, error) {
	if err := o.check(positions); err != nil {
		return nil, errors.WithMessage(err, "ops: RoPE")
	}
	if o.Factor == 0 {
		o.Factor = 1
	}
	r := rope{RoPEOptions: o}
	if positions == nil {
		return r.apply(x)
	}
	return r.apply(x, positions)
}

func (o RoPEOptions) check(positions *G.Node) error {
	n := len(o.Frequencies)
	switch {
	case o.HeadDim <= 0 || n == 0 || 2*n > o.HeadDim:
		return errors.Errorf("%d frequencies for heads of %d channels: want 1 to %d", n, o.HeadDim, o.HeadDim/2)
	case o.Heads < 0:
		return errors.Errorf("%d heads: want a positive number, or 0 for all", o.Heads)
	case math.IsNaN(o.Factor) || math.IsInf(o.Factor, 0):
		return errors.Errorf("factor %g is not finite", o.Factor)
	case positions != nil && positions.Dtype() != tensor.Int32:
		return errors.Errorf("positions of type %v: want int32", positions.Dtype())
	}
	for i, f := range o.Frequencies {
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return errors.Errorf("frequency %d is %g: want a finite number", i, f)
		}
	}
	return nil
}

// rope is RoPE or its gradient.
type rope struct {
	RoPEOptions
	inverse bool
}

// apply declares the operation on x and, if given, the positions.
func (r rope) apply(in ...*G.Node) (*G.Node, error) {
	return New(Def{
		Name:    "RoPE",
		Attrs:   []any{r.HeadDim, r.Heads, r.Frequencies, r.Factor, r.Interleaved, r.inverse},
		Shapes:  r.shapes,
		Forward: Kernel{ropeForward[float32](r), ropeForward[float64](r)},
		InPlace: []int{0},
		FLOPs: func(_, out []tensor.Shape) int {
			return 3 * size(out[0][:2]) * r.heads(out[0]) * 2 * len(r.Frequencies)
		},
		Grad: func(d Derivation) ([]*G.Node, error) {
			g := r
			g.inverse = !r.inverse
			dx, err := g.apply(append([]*G.Node{d.D}, d.In[1:]...)...)
			return append([]*G.Node{dx}, make([]*G.Node, len(d.In)-1)...), err
		},
	}, in...)
}

// heads returns the number of heads that rotate in a row of x.
func (r rope) heads(x tensor.Shape) int {
	if r.Heads == 0 {
		return x[2] / r.HeadDim
	}
	return r.Heads
}

func (r rope) shapes(in []tensor.Shape) ([]tensor.Shape, error) {
	x := in[0]
	if len(x) != 3 || x[2]%r.HeadDim != 0 || r.heads(x)*r.HeadDim > x[2] {
		return nil, errors.Errorf("operand %v: want (B, T, channels) with at least %d heads of %d channels", x, max(1, r.Heads), r.HeadDim)
	}
	if len(in) > 1 && !slices.Equal(in[1], x[:2]) {
		return nil, errors.Errorf("positions %v for %v: want (%d, %d)", in[1], x, x[0], x[1])
	}
	return sameShape(in)
}

func ropeForward[T kernel.Float](r rope) func(*Call[T]) error {
	angles := kernel.NewAngles[T](r.Frequencies, r.Factor, r.Interleaved)
	return func(c *Call[T]) error {
		x := c.In[0]
		k := kernel.RoPE[T]{
			Cols: x.Cols(), Heads: r.heads(x.Shape), D: r.HeadDim, Angles: angles, Time: x.Shape[1], Inverse: r.inverse,
		}
		if len(c.In) > 1 {
			k.Positions = c.In[1].I
			for i, p := range k.Positions {
				if p < 0 {
					return errors.Errorf("sequence %d: position %d of row %d is negative", i/k.Time, p, i%k.Time)
				}
			}
		}
		k.Run(c.Out[0].F, x.F)
		return nil
	}
}
