package layers

import (
	"cmp"

	G "gorgonia.org/gorgonia"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// PatchEmbedding cuts pictures into squares and applies one linear layer to each: (B, Channels, Y, X) → (B, N, Dim), with the
// N = Y/Size·X/Size squares row by row (Dosovitskiy et al. 2021, section 3.1, arXiv 2010.11929). It is a convolution with a stride of
// Size.
//
// Parameters: weight (Dim, Channels, Size, Size), or (Dim, Channels·Size·Size) with Flat, and bias (Dim). Shown: vectors (B, N, Dim).
type PatchEmbedding struct {
	Dim  int
	Size int  // width and height of a square in pixels
	Flat bool // the weight has two axes, as in a Linear
	Std  float64
}

// Forward declares the layer.
func (l PatchEmbedding) Forward(s *graph.Scope, x *G.Node) *G.Node {
	dims := s.Dims(x, 4)
	b, c, height, width := dims[0], dims[1], dims[2], dims[3]
	if l.Size < 1 || height%l.Size != 0 || width%l.Size != 0 {
		return s.Failf("patch embedding: pictures of %d×%d pixels do not divide into squares of %d×%d: scale the pictures", width, height, l.Size, l.Size)
	}
	rows, cols, in := height/l.Size, width/l.Size, c*l.Size*l.Size
	x = s.Try(ops.Reshape(x, b, c, rows, l.Size, cols, l.Size))
	x = s.Try(ops.Transpose(x, 0, 2, 4, 1, 3, 5)) // (B, rows, cols, Channels, Size, Size)
	x = s.Try(ops.Reshape(x, b, rows*cols, in))
	weight, bias := Linear{Std: l.Std}.inits(in)
	shape := []int{l.Dim, c, l.Size, l.Size}
	if l.Flat {
		shape = []int{l.Dim, in}
	}
	w := s.Try(ops.Reshape(s.Param("weight", weight, shape...), l.Dim, in))
	x = s.Try(ops.Linear(x, w, s.Param("bias", bias, l.Dim), ops.LinearOptions{})) // (B, N, Dim)
	s.Show("vectors", func() *G.Node { return x })
	return x
}

// ClassToken puts one learned vector before each sequence: (B, T, C) → (B, T+1, C). CLSPool selects its result.
//
// Parameters: cls_token (1, 1, C), normal with standard deviation Std, or 0.02 if Std is 0.
type ClassToken struct{ Std float64 }

// Forward declares the layer.
func (l ClassToken) Forward(s *graph.Scope, x *G.Node) *G.Node {
	dims := s.Dims(x, 3)
	token := s.Param("cls_token", graph.Normal(cmp.Or(l.Std, 0.02)), 1, 1, dims[2])
	first := s.Try(ops.Embedding(s.Try(ops.Reshape(token, 1, dims[2])), zeros(s, dims[0]))) // (B, C)
	return s.Try(ops.Concat(1, s.Try(ops.Reshape(first, dims[0], 1, dims[2])), x))          // (B, T+1, C)
}
