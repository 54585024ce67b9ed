package layers

import (
	"math"

	G "gorgonia.org/gorgonia"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// PatchPositions adds learned positions to a class token and a grid of patches: (B, Y·X+1, C) → (B, Y·X+1, C). The table has a row for
// the class token and one for each square of a grid of Side·Side. For a grid of other sides, the rows of the squares are interpolated
// bicubically, as torch.nn.functional.interpolate does with align_corners=False and Hugging Face's interpolate_pos_encoding with it.
//
// Parameters: the table, named Name, (1, Side·Side+1, C), normal with standard deviation Std. Shown below Name: as LearnedPositions.
type PatchPositions struct {
	Name string
	Side int
	Std  float64
}

// Forward declares the layer for a grid of y rows and x columns of patches.
func (l PatchPositions) Forward(s *graph.Scope, patches *G.Node, y, x int) *G.Node {
	c := s.Dims(patches, 3)[2]
	table := s.Param(l.Name, graph.Normal(l.Std), 1, l.Side*l.Side+1, c)
	if y == l.Side && x == l.Side {
		return l.add(s, patches, table)
	}
	fill := func(t *tensor.Dense) {
		rows, cols := bicubic(l.Side, y), bicubic(l.Side, x)
		set, n := setterOf(t), l.Side*l.Side+1
		set(0, 1)
		for i := range y * x {
			for j := range l.Side * l.Side {
				set((i+1)*n+j+1, rows[i/x][j/l.Side]*cols[i%x][j%l.Side])
			}
		}
	}
	weights := s.ConstantFunc(s.Dtype(), fill, y*x+1, l.Side*l.Side+1)
	table = s.Try(ops.Reshape(table, l.Side*l.Side+1, c))
	table = s.Try(ops.MatMul(weights, table, ops.MatMulOptions{})) // (Y·X+1, C)
	return l.add(s, patches, s.Try(ops.Reshape(table, 1, y*x+1, c)))
}

// add adds the positions, (1, Y·X+1, C), to the patches.
func (l PatchPositions) add(s *graph.Scope, patches, positions *G.Node) *G.Node {
	s = s.In(l.Name)
	s.Show("positions", func() *G.Node { return positions })
	return shown(s, s.Add(patches, positions))
}

// setterOf returns a function that sets an element of t.
func setterOf(t *tensor.Dense) func(i int, v float64) {
	if t.Dtype() == tensor.Float64 {
		return func(i int, v float64) { t.Float64s()[i] = v }
	}
	return func(i int, v float64) { t.Float32s()[i] = float32(v) }
}

// bicubic returns, for each of m points, the weights of n points of which a cubic convolution (Keys 1981, a = −0.75) makes them. Points
// outside repeat the border.
func bicubic(n, m int) [][]float64 {
	all := make([][]float64, m)
	for i := range all {
		all[i] = make([]float64, n)
		at := (float64(i)+0.5)*float64(n)/float64(m) - 0.5
		first := math.Floor(at)
		for k := -1; k <= 2; k++ {
			j := min(max(int(first)+k, 0), n-1)
			all[i][j] += keys(math.Abs(at - first - float64(k)))
		}
	}
	return all
}

// keys is the kernel of the cubic convolution at a distance of 0 … 2.
func keys(d float64) float64 {
	const a = -0.75
	if d <= 1 {
		return ((a+2)*d-(a+3))*d*d + 1
	}
	return ((a*d-5*a)*d+8*a)*d - 4*a
}
