package main

import (
	"cmp"
	"fmt"
	"image/color"
	"io"
	"slices"
	"strconv"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/gorgoformer/gorgoformer/checkpoints"
)

// The size of the picture: 1152 by 768 pixels at 96 dots per inch.
const (
	width  = 12 * vg.Inch
	height = 8 * vg.Inch
	margin = vg.Inch / 8
)

// colours are the colours of the models in order.
var colours = []color.RGBA{{31, 119, 180, 255}, {230, 97, 1, 255}, {44, 160, 44, 255}}

// savePlot draws the validation loss by the data read and by the time, the score of the task and the speed.
func savePlot(png string, t *task, results []*result) error {
	amount, err := lossPlot(results, "thousand "+t.unit+" read", func(p point) float64 { return float64(p.units) / 1000 })
	if err != nil {
		return err
	}
	amount.Legend.Top, amount.Legend.Padding = true, vg.Points(2)
	amount.Legend.XOffs, amount.Legend.YOffs = -margin, -margin
	amount.Title.Text = t.about
	seconds, err := lossPlot(results, "seconds of training", func(p point) float64 { return p.seconds })
	if err != nil {
		return err
	}
	seconds.Legend = plot.NewLegend() // that of the first plot is for all
	score, err := scorePlot(t, results)
	if err != nil {
		return err
	}
	most := slices.MaxFunc(results, func(a, b *result) int { return cmp.Compare(a.speed, b.speed) }).speed
	speed, err := barPlot(results, t.unit+" per second in training", "%.0f", 1.05*most, func(r *result) float64 { return r.speed })
	if err != nil {
		return err
	}
	return writePNG(png, [][]*plot.Plot{{amount, seconds}, {score, speed}})
}

// lossPlot draws the validation losses against x.
func lossPlot(results []*result, label string, x func(point) float64) (*plot.Plot, error) {
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text, p.Y.Tick.Marker = label, "validation loss", plainTicks{}
	p.X.Min, p.X.Tick.Marker = 0, plainTicks{}
	p.Add(plotter.NewGrid())
	for i, r := range results {
		points := make(plotter.XYs, len(r.points))
		for j, e := range r.points {
			points[j] = plotter.XY{X: x(e), Y: e.loss}
		}
		if err := addLine(p, r.title, points, colours[i]); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func addLine(p *plot.Plot, title string, points plotter.XYs, c color.RGBA) error {
	line, marks, err := plotter.NewLinePoints(points)
	if err != nil {
		return errors.WithStack(err)
	}
	line.Color, line.Width, marks.Color, marks.Radius, marks.Shape = c, vg.Points(1.5), c, vg.Points(2.5), draw.CircleGlyph{}
	p.Add(line, marks)
	p.Legend.Add(title, line, marks)
	return nil
}

// scorePlot draws the losses by position, or the share of exact answers.
func scorePlot(t *task, results []*result) (*plot.Plot, error) {
	if t.exact {
		return barPlot(results, "exact answers, %", "%.1f", 100, func(r *result) float64 { return 100 * r.exact })
	}
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text, p.Y.Tick.Marker = "position in the window; the last is beyond that of training", "validation loss", plainTicks{}
	var labels []string
	for _, s := range mostSpans(results) {
		labels = append(labels, s.String())
	}
	p.Add(plotter.NewGrid())
	for i, r := range results {
		points := make(plotter.XYs, len(r.spans))
		for j, s := range r.spans {
			points[j] = plotter.XY{X: float64(j), Y: s.loss}
		}
		if err := addLine(p, r.title, points, colours[i]); err != nil {
			return nil, err
		}
	}
	p.Legend = plot.NewLegend()
	p.NominalX(labels...)
	return p, nil
}

// barPlot draws a bar of at most the height most for each model, with its value.
func barPlot(results []*result, label, format string, most float64, y func(*result) float64) (*plot.Plot, error) {
	p := plot.New()
	p.Y.Label.Text, p.Y.Min, p.Y.Tick.Marker = label, 0, plainTicks{}
	p.Add(plotter.NewGrid())
	var titles []string
	for i, r := range results {
		bar, err := plotter.NewBarChart(plotter.Values{y(r)}, vg.Inch)
		if err != nil {
			return nil, errors.WithStack(err)
		}
		bar.XMin, bar.Color, bar.LineStyle.Width = float64(i), colours[i], 0
		p.Add(bar)
		titles = append(titles, fmt.Sprintf("%s "+format, r.title, y(r)))
	}
	p.NominalX(titles...)
	p.X.Min, p.X.Max, p.Y.Max = -0.5, float64(len(results))-0.5, most
	return p, nil
}

// plainTicks are gonum's default ticks, without exponents and without digits of rounding.
type plainTicks struct{}

// Ticks implements plot.Ticker.
func (plainTicks) Ticks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i, t := range ticks {
		if t.Label != "" {
			ticks[i].Label = strconv.FormatFloat(t.Value, 'g', 10, 64)
		}
	}
	return ticks
}

// writePNG draws plots in rows and columns with aligned axes.
func writePNG(png string, plots [][]*plot.Plot) error {
	canvas := vgimg.New(width, height)
	area := draw.Crop(draw.New(canvas), margin, -2*margin, margin, -margin)
	tiles := draw.Tiles{Rows: len(plots), Cols: len(plots[0]), PadX: 3 * margin, PadY: 3 * margin}
	for i, row := range plot.Align(plots, tiles, area) {
		for j, c := range row {
			plots[i][j].Draw(c)
		}
	}
	return checkpoints.WriteFile(png, func(w io.Writer) error {
		_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
		return errors.WithStack(err)
	})
}
