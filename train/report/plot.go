package report

import (
	"image/color"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// The size of the picture: 960 by 576 pixels at 96 dots per inch.
const (
	width  = 10 * vg.Inch
	height = 6 * vg.Inch
	margin = vg.Inch / 8
)

var (
	blue  = color.RGBA{R: 31, G: 119, B: 180, A: 255}
	pale  = color.RGBA{R: 174, G: 199, B: 232, A: 255}
	amber = color.RGBA{R: 230, G: 97, B: 1, A: 255}
)

// Plot draws the losses of a log into a PNG file, which is written whole or not at all. It is an error if the log has no finite loss.
func Plot(log, png string) error {
	c, err := ReadLog(log)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(png), "."+filepath.Base(png)+".*")
	if err != nil {
		return errors.Wrap(err, "report: plot")
	}
	defer os.Remove(f.Name()) // after the rename the name no longer exists
	err = c.draw(f)
	if e := errors.WithStack(f.Chmod(0o644)); err == nil {
		err = e
	}
	if e := errors.WithStack(f.Close()); err == nil {
		err = e
	}
	if err == nil {
		err = errors.WithStack(os.Rename(f.Name(), png))
	}
	return errors.WithMessagef(err, "report: plot of %s", log)
}

// WritePNG draws the curves: the training loss in a pale line, the smoothed training loss in a dark line, and the validation loss with
// its points.
func (c Curves) WritePNG(w io.Writer) error { return errors.WithMessage(c.draw(w), "report: plot") }

func (c Curves) draw(w io.Writer) error {
	fit, valid := finite(c.Train), finite(c.Valid)
	if len(fit)+len(valid) == 0 {
		return errors.New("no finite loss to draw")
	}
	p := plot.New()
	p.X.Label.Text, p.Y.Label.Text = "step", "loss"
	p.X.Tick.Marker = wholeTicks{}
	p.Legend.Top, p.Legend.XOffs, p.Legend.YOffs = true, -margin, -margin
	p.Legend.Padding = vg.Points(2)
	p.Add(plotter.NewGrid())
	if err := addTrain(p, fit); err != nil {
		return err
	}
	if err := addValid(p, valid); err != nil {
		return err
	}
	canvas := vgimg.New(width, height)
	p.Draw(draw.Crop(draw.New(canvas), margin, -2*margin, margin, -margin)) // the last label extends past the right edge
	_, err := vgimg.PngCanvas{Canvas: canvas}.WriteTo(w)
	return errors.WithStack(err)
}

func addTrain(p *plot.Plot, points []Point) error {
	if len(points) == 0 {
		return nil
	}
	raw, err := plotter.NewLine(xys(points))
	if err != nil {
		return errors.WithStack(err)
	}
	mean, err := plotter.NewLine(xys(smooth(points)))
	if err != nil {
		return errors.WithStack(err)
	}
	raw.Color, mean.Color, mean.Width = pale, blue, vg.Points(1.5)
	p.Add(raw, mean)
	p.Legend.Add("training", mean)
	return nil
}

func addValid(p *plot.Plot, points []Point) error {
	if len(points) == 0 {
		return nil
	}
	line, marks, err := plotter.NewLinePoints(xys(points))
	if err != nil {
		return errors.WithStack(err)
	}
	line.Color, line.Width, marks.Color, marks.Radius = amber, vg.Points(1.5), amber, vg.Points(2)
	p.Add(line, marks)
	p.Legend.Add("validation", line, marks)
	return nil
}

func xys(points []Point) plotter.XYs {
	out := make(plotter.XYs, len(points))
	for i, p := range points {
		out[i] = plotter.XY{X: float64(p.Step), Y: p.Loss}
	}
	return out
}
