package main

import (
	"slices"
	"strconv"

	"github.com/pkg/errors"
	"golang.org/x/image/draw"

	"github.com/gorgoformer/gorgoformer/examples/internal/pictures"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// parts are the pictures of a run: to learn from, to choose the best checkpoint, and to test.
type parts struct {
	learning, held, test data.Pictures
	labels               []string // names of the classes
}

// parts reads the pictures, or draws digits, and scales them to -size.
func (o *options) parts() (p parts, err error) {
	if o.images == "" {
		all := pictures.Digits(6000, 1)
		p.labels, p.test = pictures.DigitNames, pictures.Digits(1000, 2)
		p.learning, p.held = all.Split(o.heldOut, o.Seed)
	} else if p, err = o.readParts(); err != nil {
		return p, err
	}
	if n := p.held.Len(); n == 0 || p.learning.Len() == 0 {
		return p, errors.Errorf("-held-out is %g, which is %d of %d pictures: want at least one to hold out and one to learn from",
			o.heldOut, n, n+p.learning.Len())
	}
	for _, part := range []*data.Pictures{&p.learning, &p.held, &p.test} {
		if *part, err = pictures.Resize(*part, o.size, draw.BiLinear); err != nil {
			return p, err
		}
	}
	return p, nil
}

// readParts reads the pictures of the flags. Without -test-images, the held-out pictures are the test.
func (o *options) readParts() (p parts, err error) {
	all, err := data.ReadPictures(o.images, o.labels)
	if err != nil {
		return p, err
	}
	if p.labels = o.names(); p.labels == nil {
		for i := range int(slices.Max(all.Classes)) + 1 {
			p.labels = append(p.labels, strconv.Itoa(i))
		}
	}
	if err := all.Check(len(p.labels)); err != nil {
		return p, errors.WithMessage(err, o.labels)
	}
	if len(p.labels) < 2 {
		return p, errors.Errorf("%s has only the label %q: want at least two labels", o.labels, p.labels)
	}
	p.learning, p.held = all.Split(o.heldOut, o.Seed)
	if p.test = p.held; o.testImages == "" {
		return p, nil
	}
	if p.test, err = data.ReadPictures(o.testImages, o.testLabels); err != nil {
		return p, err
	}
	if err := p.test.Check(len(p.labels)); err != nil {
		return p, errors.WithMessage(err, o.testLabels)
	}
	a, b := all, p.test
	if a.Channels != b.Channels || o.size == 0 && (a.Height != b.Height || a.Width != b.Width) {
		return p, errors.Errorf("%s has pictures of %d×%d×%d, %s of %d×%d×%d (channels×height×width): want the same, or -size to scale them",
			o.images, a.Channels, a.Height, a.Width, o.testImages, b.Channels, b.Height, b.Width)
	}
	return p, nil
}

// key returns the key of the data of a run.
func (p parts) key() string {
	return strconv.Itoa(p.learning.Len()) + "-" + p.learning.Key() + "-" + p.held.Key()
}
