package main

import (
	"bytes"
	"fmt"
	"image/png"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/pictures"
)

// lookout holds the flags of attention.
type lookout struct {
	subject
	to string
}

func (a *lookout) flags(f *flags.Set) {
	a.subject.flags(f)
	f.StringVar(&a.to, "to", "attention.png", "PNG file to write")
}

// run draws how much the class token attends to each patch of the picture.
func (a *lookout) run(w io.Writer) error {
	if err := a.checkTo(); err != nil {
		return err
	}
	c, picture, name, err := a.open()
	if err != nil {
		return err
	}
	if err := c.build(c.Attention(1, c.size)); err != nil {
		return err
	}
	best, err := c.best(picture)
	if err != nil {
		return err
	}
	f := figure{picture: pictures.Image(picture, 0), side: c.size / c.Patch, maps: c.maps()}
	f.lines = append(f.lines, name)
	for _, x := range best[:min(3, len(best))] {
		f.lines = append(f.lines, fmt.Sprintf("%.4f  %s", x.probability, x.label))
	}
	var b bytes.Buffer
	if err := png.Encode(&b, f.draw()); err != nil {
		return errors.WithStack(err)
	}
	if err := os.MkdirAll(filepath.Dir(a.to), 0o777); err != nil {
		return errors.WithStack(err)
	}
	err = checkpoints.WriteFile(a.to, func(w io.Writer) error {
		_, err := w.Write(b.Bytes())
		return errors.WithStack(err)
	})
	if err == nil {
		_, err = fmt.Fprintf(w, "%s: %s (%.4f); the map of attention is in %s\n", name, best[0].label, best[0].probability, a.to)
	}
	return err
}

// checkTo returns an error unless -to names a new file, or a PNG file to replace that is not -picture.
func (a *lookout) checkTo() error {
	if a.to == "" {
		return errors.New("-to is empty, want a PNG file")
	}
	if err := flags.Output("to", filepath.Dir(a.to)); err != nil {
		return err
	}
	info, err := os.Stat(a.to)
	if err != nil {
		return nil // a new file
	}
	if info.IsDir() {
		return errors.Errorf("-to is %q, which is a folder: want a PNG file", a.to)
	}
	if picture, err := os.Stat(a.picture); err == nil && os.SameFile(info, picture) {
		return errors.Errorf("-to is %q, which is -picture: name another file", a.to)
	}
	if !pictures.IsPNG(a.to) {
		return errors.Errorf("-to is %q, which exists and is no PNG file: name another file", a.to)
	}
	return nil
}

// layerMaps are the maps of a layer: the probabilities with which the class token attends to the patches, row by row.
type layerMaps struct {
	heads   [][]float64
	mean    []float64 // over the heads
	rollout []float64 // through this layer and all before it
}

// maps returns the maps of all layers of the last run, which had one picture.
func (c *classifier) maps() (all []layerMaps) {
	n := (c.size/c.Patch)*(c.size/c.Patch) + 1
	flow := make([]float64, n*n) // from the input to the tokens after a layer
	for i := range n {
		flow[i*n+i] = 1
	}
	for layer := range c.Layers {
		p := c.program.Output(c.Probabilities(layer)).Float32s() // (1, H, N+1, N+1)
		mean, m := make([]float64, n*n), layerMaps{}
		for h := range c.Heads {
			head := make([]float64, n*n)
			for i, v := range p[h*n*n:][:n*n] {
				head[i] = float64(v)
				mean[i] += float64(v) / float64(c.Heads)
			}
			m.heads = append(m.heads, head[1:n])
		}
		flow = rollout(mean, flow)
		m.mean, m.rollout = mean[1:n], flow[1:n]
		all = append(all, m)
	}
	return all
}

// rollout follows the flow of the layers before through a layer with these n·n mean probabilities and its residual connection, half each:
// (½·mean + ½·I)·flow (Abnar and Zuidema 2020, section 3, arXiv 2005.00928).
func rollout(mean, flow []float64) []float64 {
	n := 1
	for n*n < len(mean) {
		n++
	}
	after := make([]float64, n*n)
	for i := range n {
		for k := range n {
			w := mean[i*n+k] / 2
			if i == k {
				w += 0.5
			}
			for j := range n {
				after[i*n+j] += w * flow[k*n+j]
			}
		}
	}
	return after
}
