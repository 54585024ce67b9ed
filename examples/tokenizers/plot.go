package main

import (
	"bytes"
	"image/color"
	"os"
	"path/filepath"
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
)

// legend is the width of the legend, to the right of the plots.
const legend = 1.9 * vg.Inch

// colours are the colours of the kinds in order. Published tokenizers come last; colours repeat if there are many.
var colours = []color.RGBA{
	{127, 127, 127, 255}, {23, 190, 207, 255}, {31, 119, 180, 255}, {230, 97, 1, 255}, {44, 160, 44, 255}, {148, 103, 189, 255},
	{214, 39, 40, 255}, {140, 86, 75, 255}, {227, 119, 194, 255}, {188, 189, 34, 255}, {0, 0, 0, 255}, {0, 0, 160, 255},
}

// savePlot draws tokens per word and the share of unknown ones against the size of the vocabulary, one line for each kind.
func savePlot(png, title string, rows []row) error {
	tokens, unknown := plot.New(), plot.New()
	tokens.Title.Text, tokens.Y.Label.Text = title, "tokens per word"
	unknown.X.Label.Text, unknown.Y.Label.Text = "vocabulary size", "unknown tokens, %"
	tokens.Legend.Top, tokens.Legend.XOffs = true, legend
	tokens.Legend.Padding = vg.Points(2)
	for _, p := range []*plot.Plot{tokens, unknown} {
		p.Add(plotter.NewGrid())
		p.X.Scale, p.X.Tick.Marker, p.Y.Tick.Marker, p.Y.Min = plot.LogScale{}, plot.ConstantTicks(sizeTicks()), plainTicks{}, 0
	}
	for i, kind := range groups(rows) {
		c := colours[i%len(colours)]
		if err := addLine(tokens, kind, c, row.perWord); err != nil {
			return err
		}
		if err := addLine(unknown, kind, c, func(r row) float64 { return 100 * r.unknownShare() }); err != nil {
			return err
		}
	}
	unknown.Legend = plot.NewLegend() // the upper legend is for both
	return writePNG(png, tokens, unknown)
}

// groups returns the rows of each kind.
func groups(rows []row) [][]row {
	var all [][]row
	for i, r := range rows {
		if i == 0 || rows[i-1].kind != r.kind {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], r)
	}
	return all
}

func addLine(p *plot.Plot, rows []row, c color.RGBA, y func(row) float64) error {
	points := make(plotter.XYs, len(rows))
	for i, r := range rows {
		points[i] = plotter.XY{X: float64(r.vocab), Y: y(r)}
	}
	line, marks, err := plotter.NewLinePoints(points)
	if err != nil {
		return errors.WithStack(err)
	}
	line.Color, line.Width, marks.Color, marks.Radius, marks.Shape = c, vg.Points(1.5), c, vg.Points(3), draw.CircleGlyph{}
	p.Add(line, marks)
	p.Legend.Add(rows[0].kind, line, marks)
	return nil
}

// plainTicks are gonum's default ticks without trailing zeros.
type plainTicks struct{}

// Ticks implements plot.Ticker.
func (plainTicks) Ticks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i, t := range ticks {
		if t.Label != "" {
			ticks[i].Label = strconv.FormatFloat(t.Value, 'g', 4, 64)
		}
	}
	return ticks
}

// sizeTicks returns ticks at 1, 2 and 5 times each power of ten.
func sizeTicks() (ticks []plot.Tick) {
	for power := 10; power <= 1e6; power *= 10 {
		for _, n := range []int{power, 2 * power, 5 * power} {
			ticks = append(ticks, plot.Tick{Value: float64(n), Label: number(n)})
		}
	}
	return ticks
}

// writePNG draws two plots, one above the other, with aligned axes.
func writePNG(png string, above, below *plot.Plot) error {
	canvas := vgimg.New(width, height)
	area := draw.Crop(draw.New(canvas), margin, -legend-margin, margin, -margin)
	plots := [][]*plot.Plot{{above}, {below}}
	for i, c := range plot.Align(plots, draw.Tiles{Rows: 2, Cols: 1, PadY: 2 * margin}, area) {
		plots[i][0].Draw(c[0])
	}
	var b bytes.Buffer
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(&b); err != nil {
		return errors.WithStack(err)
	}
	if err := os.MkdirAll(filepath.Dir(png), 0o777); err != nil {
		return errors.WithStack(err)
	}
	return errors.WithStack(os.WriteFile(png, b.Bytes(), 0o666))
}
