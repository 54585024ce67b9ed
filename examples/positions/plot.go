package main

import (
	"image/color"
	"io"
	"strconv"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// The size of the picture: 960 by 864 pixels at 96 dots per inch.
const (
	width  = 10 * vg.Inch
	height = 9 * vg.Inch
	margin = vg.Inch / 8
	legend = 1.5 * vg.Inch // width of the legend, to the right of the plots
)

// colours are the colours of the schemes, in the order of all.
var colours = []color.RGBA{
	{0, 0, 0, 255}, {214, 39, 40, 255}, {31, 119, 180, 255}, {23, 190, 207, 255},
	{44, 160, 44, 255}, {230, 97, 1, 255}, {148, 103, 189, 255}, {127, 127, 127, 255},
}

// draw draws the loss by length, and below it the loss by position in the longest window.
func (r result) draw(w io.Writer) error {
	byLength, byPosition := plot.New(), plot.New()
	last := r.lengths[len(r.lengths)-1]
	byLength.X.Label.Text, byLength.Y.Label.Text = "characters of a window", "loss per character"
	byPosition.X.Label.Text, byPosition.Y.Label.Text = "position in a window of "+strconv.Itoa(last), "loss per character"
	byLength.X.Scale, byLength.X.Tick.Marker = plot.LogScale{}, r.lengthTicks()
	byPosition.X.Tick.Marker, byPosition.X.Min, byPosition.X.Max = r.lengthTicks(), 0, float64(last)
	byLength.Legend.Top, byLength.Legend.XOffs, byLength.Legend.Padding = true, legend, vg.Points(2)
	for _, p := range []*plot.Plot{byLength, byPosition} {
		p.Add(plotter.NewGrid())
	}
	for _, row := range r.rows {
		if err := r.add(byLength, byPosition, row); err != nil {
			return err
		}
	}
	canvas := vgimg.New(width, height)
	area := draw.Crop(draw.New(canvas), margin, -legend-margin, margin, -margin)
	plots := [][]*plot.Plot{{byLength}, {byPosition}}
	for i, c := range plot.Align(plots, draw.Tiles{Rows: 2, Cols: 1, PadY: 2 * margin}, area) {
		plots[i][0].Draw(c[0])
	}
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return errors.WithStack(err)
}

// add adds the lines of a scheme.
func (r result) add(byLength, byPosition *plot.Plot, row row) error {
	var lengths, positions plotter.XYs
	for _, l := range row.losses {
		lengths = append(lengths, plotter.XY{X: float64(l.length), Y: l.mean})
	}
	for i, l := range row.byPosition {
		positions = append(positions, plotter.XY{X: float64(i*row.width) + float64(row.width-1)/2, Y: l})
	}
	c := colours[0]
	for i, s := range all {
		if s == row.scheme {
			c = colours[i]
		}
	}
	line, marks, err := plotter.NewLinePoints(lengths)
	if err != nil {
		return errors.WithStack(err)
	}
	line.Color, line.Width, marks.Color, marks.Radius, marks.Shape = c, vg.Points(1.5), c, vg.Points(3), draw.CircleGlyph{}
	byLength.Add(line, marks)
	byLength.Legend.Add(row.title, line, marks)
	if len(positions) == 0 {
		return nil
	}
	if line, err = plotter.NewLine(positions); err != nil {
		return errors.WithStack(err)
	}
	line.Color, line.Width = c, vg.Points(1.5)
	byPosition.Add(line)
	return nil
}

// lengthTicks returns ticks at the lengths.
func (r result) lengthTicks() (ticks plot.ConstantTicks) {
	for _, n := range r.lengths {
		ticks = append(ticks, plot.Tick{Value: float64(n), Label: strconv.Itoa(n)})
	}
	return ticks
}
