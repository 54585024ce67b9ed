package report

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg/draw"
)

// longLine is a line that is drawn in short pieces. The time of the rasterizer grows with the square of the points of a piece.
type longLine struct{ *plotter.Line }

const pieceSize = 64

// Plot draws the line.
func (l longLine) Plot(c draw.Canvas, p *plot.Plot) {
	for first := 0; first == 0 || first < len(l.XYs)-1; first += pieceSize {
		piece := *l.Line
		piece.XYs = l.XYs[first:min(first+pieceSize+1, len(l.XYs))]
		piece.Plot(c, p)
	}
}
