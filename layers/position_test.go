package layers_test

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/graphtest"
	"github.com/gorgoformer/gorgoformer/layers"
)

// paperPosition returns PE(pos, channel) of "Attention Is All You Need", section 3.5.
func paperPosition(pos, channel, channels int) float64 {
	i := channel / 2
	angle := float64(pos) * math.Pow(10000, -2*float64(i)/float64(channels))
	if channel%2 == 0 {
		return math.Sin(angle)
	}
	return math.Cos(angle)
}

func TestSinusoidalPositions(t *testing.T) {
	const b = 2
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		for _, shape := range [][2]int{{1, 1}, {1, 2}, {9, 7}, {300, 64}} {
			steps, channels := shape[0], shape[1]
			t.Run(fmt.Sprint(dt, shape), func(t *testing.T) {
				p := build(t, graph.NewParams(dt, 1), graph.Eval, func(s *graph.Scope) {
					x := s.Param("x", graph.Constant(0.5), b, steps, channels)
					s.Output("y", layers.SinusoidalPositions{}.Forward(s, x, layers.Sequence{}))
				})
				want := make([]float64, 0, b*steps*channels)
				for range b {
					for pos := range steps {
						for c := range channels {
							want = append(want, 0.5+paperPosition(pos, c, channels))
						}
					}
				}
				// The sum is below 2, where float32 numbers are 1.2e-7 apart. In float64 the error comes from the angle: up to 300 times 1e-16.
				within := map[tensor.Dtype]float64{tensor.Float32: 2e-7, tensor.Float64: 1e-13}[dt]
				got := run(t, p)
				if d := graphtest.MaxDifference(got, graphtest.Dense(dt, want, b, steps, channels)); !(d <= within) {
					t.Errorf("positions differ by %g, want at most %g", d, within)
				}
			})
		}
	}
}

// TestPositionsByNumber: explicit positions select the vectors that are added.
func TestPositionsByNumber(t *testing.T) {
	const context, channels = 12, 6
	positions := []int32{11, 0, 3, 3, 4, 5}
	p := build(t, graph.NewParams(tensor.Float64, 1), graph.Decode, func(s *graph.Scope) {
		x := s.Param("x", graph.Zeros(), 2, 3, channels)
		seq := layers.Sequence{Positions: s.Constant(graphtest.Ints(positions, 2, 3)), Context: context}
		s.Output("y", layers.SinusoidalPositions{}.Forward(s, x, seq))
		s.Output("learned", layers.LearnedPositions{Max: context}.Forward(s.In("wpe"), x, seq))
	})
	y := run(t, p).Float64s()
	table, learned := p.Params().Value("wpe.weight").Float64s(), p.Output("learned").Float64s()
	for i, pos := range positions {
		for c := range channels {
			if got, want := y[i*channels+c], paperPosition(int(pos), c, channels); math.Abs(got-want) > 1e-14 {
				t.Errorf("row %d channel %d: got %g, want %g of position %d", i, c, got, want, pos)
			}
			if got, want := learned[i*channels+c], table[int(pos)*channels+c]; got != want {
				t.Errorf("learned row %d channel %d: got %g, want %g of position %d", i, c, got, want, pos)
			}
		}
	}
}
