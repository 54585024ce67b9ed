package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/train"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// prediction holds the flags of predict.
type prediction struct {
	subject
	n int
}

func (p *prediction) flags(f *flags.Set) {
	p.subject.flags(f)
	f.IntVar(&p.n, "n", 3, "number of classes to name")
}

// run writes the most probable classes of the picture, each with its probability.
func (p *prediction) run(w io.Writer) error {
	if err := flags.AtLeast("n", p.n, 1); err != nil {
		return err
	}
	c, picture, name, err := p.open()
	if err != nil {
		return err
	}
	if err := c.build(c.Logits(1, c.size)); err != nil {
		return err
	}
	best, err := c.best(picture)
	if err != nil {
		return err
	}
	fmt.Fprintln(w, name)
	for _, x := range best[:min(p.n, len(best))] {
		fmt.Fprintf(w, "%.4f  %s\n", x.probability, x.label)
	}
	return nil
}

// guess is a class with its probability.
type guess struct {
	label       string
	probability float64
}

// best returns the classes of a picture, the most probable first.
func (c *classifier) best(picture data.Pictures) (all []guess, err error) {
	found, err := train.PredictPass(c.program, picture.Sequential(1, c.Scale()), 1)
	if err != nil {
		return nil, err
	}
	for i, p := range found[0].Probabilities {
		all = append(all, guess{c.Labels[i], p})
	}
	slices.SortStableFunc(all, func(a, b guess) int {
		switch {
		case a.probability > b.probability:
			return -1
		case a.probability < b.probability:
			return 1
		}
		return 0
	})
	return all, nil
}
