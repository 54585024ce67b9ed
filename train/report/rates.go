package report

import (
	"image"
	"io"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"

	"github.com/gorgoformer/gorgoformer/train"
)

// WriteRates draws a train.RateTest as PNG: the loss and the smoothed loss over the learning rate, on a logarithmic axis, with a line at
// the best rate.
func WriteRates(w io.Writer, points []train.RatePoint, best float64) error {
	if len(points) < 2 {
		return errors.Errorf("report: plot of rates: %d points, want at least 2", len(points))
	}
	p := newPlot("loss")
	p.X.Label.Text = "learning rate"
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: 1}
	raw, mean := make(plotter.XYs, len(points)), make(plotter.XYs, len(points))
	for i, x := range points {
		raw[i], mean[i] = plotter.XY{X: x.Rate, Y: x.Loss}, plotter.XY{X: x.Rate, Y: x.Smooth}
	}
	pale, dark, err := lines(raw, mean)
	if err != nil {
		return err
	}
	least := lowest(points)
	most := points[0].Smooth + (points[0].Smooth-least)/2 // higher losses are cut: they would flatten the part of interest
	mark, err := plotter.NewLine(plotter.XYs{{X: best, Y: least}, {X: best, Y: most}})
	if err != nil {
		return errors.Wrap(err, "report: plot of rates")
	}
	mark.Color, mark.Width = amber, vg.Points(1.5)
	p.Add(pale, dark, mark)
	p.Legend.Add("loss", pale)
	p.Legend.Add("smoothed", dark)
	p.Legend.Add("falls fastest", mark)
	p.Legend.Left, p.Legend.XOffs = true, margin
	p.Legend.YOffs = margin
	p.Y.Min, p.Y.Max = least, most
	canvas := vgimg.New(width, height)
	p.Draw(draw.Crop(draw.New(canvas), margin, -2*margin, margin, -margin))
	return errors.WithMessage(encode(w, canvas.Image().(*image.RGBA)), "report: plot of rates")
}

// lines returns a pale line of raw points and a dark one of their means.
func lines(raw, mean plotter.XYs) (light, dark *plotter.Line, err error) {
	if light, err = plotter.NewLine(raw); err == nil {
		dark, err = plotter.NewLine(mean)
	}
	if err != nil {
		return nil, nil, errors.Wrap(err, "report: plot of rates")
	}
	light.Color, dark.Color, dark.Width = pale, blue, vg.Points(1.5)
	return light, dark, nil
}

func lowest(points []train.RatePoint) float64 {
	least := points[0].Loss
	for _, p := range points {
		least = min(least, p.Loss)
	}
	return least
}
