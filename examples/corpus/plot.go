package main

import (
	"bytes"
	"image/color"
	"strconv"

	"github.com/pkg/errors"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"

	"github.com/gorgoformer/gorgoformer/tokenize/atomicfile"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// savePlot draws the numbers of documents by length: two bars for each power of two.
func savePlot(png string, r data.Report) error {
	first, last := 0, 0
	for i, n := range r.Lengths {
		if n > 0 {
			if last = i; first == 0 {
				first = i
			}
		}
	}
	first -= first % 2
	var counts plotter.Values
	var names []string
	for i := first; i <= last; i++ {
		counts = append(counts, float64(r.Lengths[i]))
		name := ""
		if i%2 == 0 {
			name = strconv.Itoa(data.LengthBin(i))
		}
		names = append(names, name)
	}
	p := plot.New()
	p.Title.Text, p.X.Label.Text, p.Y.Label.Text = "Lengths of the documents", "tokens, from", "documents"
	bars, err := plotter.NewBarChart(counts, vg.Points(500/float64(len(counts))))
	if err != nil {
		return errors.WithStack(err)
	}
	bars.Color, bars.LineStyle.Width = color.RGBA{31, 119, 180, 255}, vg.Points(0.5)
	p.Add(plotter.NewGrid(), bars)
	p.NominalX(names...)
	w, err := p.WriterTo(10*vg.Inch, 6*vg.Inch, "png")
	if err != nil {
		return errors.WithStack(err)
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		return errors.WithStack(err)
	}
	return atomicfile.Write(png, b.Bytes())
}
