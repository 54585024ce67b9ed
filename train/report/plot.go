package report

import (
	"image"
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

// The size of the picture: 960 by 576 pixels at 96 dots per inch. With a score it is half as high again.
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

// Plot draws the losses and the score of a log into a PNG file, which is written whole or not at all. It is an error if the log has no finite loss.
func Plot(log, path string) error {
	c, err := ReadLog(log)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
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
		err = errors.WithStack(os.Rename(f.Name(), path))
	}
	return errors.WithMessagef(err, "report: plot of %s", log)
}

// WritePNG draws the curves: the training loss in a pale line, the smoothed training loss in a dark line, and the validation loss with
// its points. If the log has a score, it is drawn below.
func (c Curves) WritePNG(w io.Writer) error { return errors.WithMessage(c.draw(w), "report: plot") }

func (c Curves) draw(w io.Writer) error {
	loss, err := c.lossPlot()
	if err != nil {
		return err
	}
	plots := []*plot.Plot{loss}
	score, err := c.scorePlot()
	if err != nil {
		return err
	}
	if score != nil {
		score.X.Min, score.X.Max = loss.X.Min, loss.X.Max // both have the same steps
		plots = append(plots, score)
	}
	canvas := vgimg.New(width, height*vg.Length(1+len(plots))/2)
	area := draw.Crop(draw.New(canvas), margin, -2*margin, margin, -margin) // the last label extends past the right edge
	rows := make([][]*plot.Plot, len(plots))
	for i, p := range plots {
		rows[i] = []*plot.Plot{p}
	}
	for i, row := range plot.Align(rows, draw.Tiles{Rows: len(rows), Cols: 1, PadY: 2 * margin}, area) {
		plots[i].Draw(row[0])
	}
	return encode(w, canvas.Image().(*image.RGBA))
}

// lossPlot returns the plot of both losses.
func (c Curves) lossPlot() (*plot.Plot, error) {
	fit, valid := finite(c.Train), finite(c.Valid)
	if len(fit)+len(valid) == 0 {
		return nil, errors.New("no finite loss to draw")
	}
	p := newPlot("loss")
	p.Legend.Top = true
	if err := addTrain(p, fit); err != nil {
		return nil, err
	}
	return p, addMarked(p, "validation", valid)
}

// scorePlot returns the plot of the score, nil if there is none.
func (c Curves) scorePlot() (*plot.Plot, error) {
	score := finite(c.Score)
	if len(score) == 0 {
		return nil, nil
	}
	p := newPlot(c.Name + " in validation")
	return p, addMarked(p, "", score)
}

// newPlot returns a plot of values over steps.
func newPlot(value string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil // the canvas is white
	p.X.Label.Text, p.Y.Label.Text = "step", value
	p.X.Tick.Marker = wholeTicks{}
	p.Legend.XOffs, p.Legend.YOffs = -margin, -margin
	p.Legend.Padding = vg.Points(2)
	p.Add(plotter.NewGrid())
	return p
}

func addTrain(p *plot.Plot, points []Point) error {
	if len(points) == 0 {
		return nil
	}
	raw, err := plotter.NewLine(xys(thin(points)))
	if err != nil {
		return errors.WithStack(err)
	}
	mean, err := plotter.NewLine(xys(thin(smooth(points))))
	if err != nil {
		return errors.WithStack(err)
	}
	raw.Color, mean.Color, mean.Width = pale, blue, vg.Points(1.5)
	p.Add(longLine{raw}, longLine{mean})
	p.Legend.Add("training", mean)
	return nil
}

// addMarked draws a line with its points. It has an entry in the legend unless the name is "".
func addMarked(p *plot.Plot, name string, points []Point) error {
	if len(points) == 0 {
		return nil
	}
	line, marks, err := plotter.NewLinePoints(xys(thin(points)))
	if err != nil {
		return errors.WithStack(err)
	}
	line.Color, line.Width, marks.Color, marks.Radius = amber, vg.Points(1.5), amber, vg.Points(2)
	p.Add(longLine{line}, marks)
	if name != "" {
		p.Legend.Add(name, line, marks)
	}
	return nil
}

func xys(points []Point) plotter.XYs {
	out := make(plotter.XYs, len(points))
	for i, p := range points {
		out[i] = plotter.XY{X: float64(p.Step), Y: p.Value}
	}
	return out
}
