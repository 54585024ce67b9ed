package kernel_test

import (
	"fmt"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// tileResults runs the kernels of tiles of five rows of n elements, with odd strides, and returns the results.
func tileResults(t *testing.T, level, n int) (copied, scaled, hidden, dots []float32) {
	defer kernel.Accelerate(kernel.Accelerate(level))
	const rows = 5
	var y [3]guarded
	x := newGuarded(rows*(n+3), 1)
	for i := range y {
		y[i] = newGuarded(rows*(n+8), uint64(2+i))
	}
	kernel.CopyTile(rows, n, y[0].slice(), n+5, x.slice(), n+3)
	kernel.ScaleTile(rows, n, y[1].slice(), n+5, x.slice(), n+3, []float32{1, -2, 0, 1.7, 3})
	kernel.HideTile(rows, n, y[2].slice(), n+8, []int{0, 0, 0, n, 1, n, n / 2, n - 1, n - 1, n}, -7)
	dots = make([]float32, rows)
	kernel.DotTile(rows, n, dots, x.slice(), n+3, y[0].slice(), n+5)
	for i, g := range y {
		g.checkGuard(t, fmt.Sprintf("%d elements, result %d", n, i))
	}
	return y[0].slice(), y[1].slice(), y[2].slice(), dots
}

// TestTiles compares the kernels of tiles in assembly with their Go twins, for rows of every length.
func TestTiles(t *testing.T) {
	for n := range 258 {
		copied, scaled, hidden, dots := tileResults(t, kernel.Wide, n)
		wantCopied, wantScaled, wantHidden, wantDots := tileResults(t, kernel.Plain, n)
		name := fmt.Sprintf("%d elements: ", n)
		same(t, name+"copied", copied, wantCopied)
		same(t, name+"scaled", scaled, wantScaled)
		for r := range 5 {
			same(t, name+"hidden", hidden[r*(n+8):][:n], wantHidden[r*(n+8):][:n])
		}
		near(t, name+"dots", dots, wide(wantDots), epsilon[float32]()) // the sums have more digits
	}
}
