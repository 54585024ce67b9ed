package main

import (
	"cmp"
	"fmt"
	"image"
	"path/filepath"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/flags"
	"github.com/gorgoformer/gorgoformer/examples/internal/pictures"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/data"
)

const sizeUsage = "width and height in pixels to which pictures are scaled; positions are interpolated; 0 means the size of the model's own"

// classifier is a trained model with the preparation of its pictures.
type classifier struct {
	models.ViT
	pictures.Processor
	dir     string
	size    int // width and height of the pictures
	program *graph.Program
}

// open reads the configuration of a model folder. A size of 0 means its own.
func open(dir string, size int) (c classifier, err error) {
	c.dir = dir
	m, err := models.Open(dir)
	if err != nil {
		return c, err
	}
	var ok bool
	if c.ViT, ok = m.(models.ViT); !ok {
		return c, errors.Errorf("-model is %q, which holds a %T, want a models.ViT", dir, m)
	}
	if c.Channels = cmp.Or(c.Channels, 3); c.Channels != 1 && c.Channels != 3 {
		return c, errors.Errorf("the model of %s has %d channels, want 1 or 3", dir, c.Channels)
	}
	if c.Processor, err = pictures.ReadProcessor(dir, c.Channels); err != nil {
		return c, err
	}
	own, err := c.Side()
	if err != nil {
		return c, errors.WithMessage(err, dir)
	}
	if c.size = cmp.Or(size, own, c.ViT.Size); c.size < 1 || c.size > pictures.MostSide {
		return c, errors.Errorf("pictures of %d×%d pixels for the model of %s: want 1 … %d as -size", c.size, c.size, dir, pictures.MostSide)
	}
	if c.size%c.Patch != 0 {
		return c, errors.Errorf("pictures of %d×%d pixels do not divide into the model's patches of %d×%[3]d: want a multiple of %[3]d as -size", c.size, c.size, c.Patch)
	}
	return c, nil
}

// build builds the Program and loads its weights.
func (c *classifier) build(declare func(*graph.Scope)) (err error) {
	params := graph.NewParams(tensor.Float32, 1)
	if c.program, err = graph.Build(params, graph.Eval, declare); err != nil {
		return err
	}
	return checkpoints.LoadWeights(c.dir, params.All(), checkpoints.Rules{Rename: c.Rename, Ignore: c.Ignore})
}

// subject is the choice of a model and a picture.
type subject struct {
	model, picture, images string
	number, size           int
	invert                 bool
}

func (x *subject) flags(f *flags.Set) {
	f.Group("Data")
	f.StringVar(&x.model, "model", "out/vision", "`folder` of the model")
	f.StringVar(&x.picture, "picture", "", "PNG, JPEG or GIF `file`, scaled to a square (default: picture -number of -images)")
	f.StringVar(&x.images, "images", "", "idx `file` of pictures, .gz too (default: digits that the program draws)")
	f.IntVar(&x.number, "number", 0, "number of the picture in -images, from 0")
	f.BoolVar(&x.invert, "invert", false, "exchange dark and light, for dark objects on light ground")
	f.IntVar(&x.size, "size", 0, sizeUsage)
}

// check reports the first flag whose value makes no sense.
func (x *subject) check() error {
	if x.picture != "" && x.images != "" {
		return errors.Errorf("-picture is %s and -images is %s: want only one of them", x.picture, x.images)
	}
	return flags.First(flags.AtLeast("number", x.number, 0), flags.AtLeast("size", x.size, 0), flags.File("picture", x.picture), flags.File("images", x.images))
}

// open returns the model, and the picture as the model sees it, with its name.
func (x *subject) open() (c classifier, p data.Pictures, name string, err error) {
	if err := x.check(); err != nil {
		return c, p, "", err
	}
	m, name, err := x.image()
	if err != nil {
		return c, p, "", err
	}
	if err := flags.Model("model", x.model); err != nil {
		return c, p, "", err
	}
	if c, err = open(x.model, x.size); err != nil {
		return c, p, "", err
	}
	p = data.Pictures{Channels: c.Channels, Height: c.size, Width: c.size}
	p.Pixels = pictures.AppendPlanes(nil, pictures.Scaled(m, c.size, c.Filter()), c.Channels)
	for i := range p.Pixels {
		if x.invert {
			p.Pixels[i] = 255 - p.Pixels[i]
		}
	}
	return c, p, name, nil
}

// image returns the picture and its name.
func (x *subject) image() (m image.Image, name string, err error) {
	if x.picture != "" {
		m, err = pictures.Read(x.picture)
		return m, filepath.Base(x.picture), err
	}
	name = fmt.Sprintf("drawn digit %d", x.number)
	var p data.Pictures
	if x.images == "" {
		if p = pictures.Digits(min(x.number, 9999)+1, 3); x.number >= p.Len() {
			return nil, "", errors.Errorf("-number is %d, want at most 9999", x.number)
		}
	} else {
		if p, err = data.ReadPictures(x.images, ""); err != nil {
			return nil, "", err
		}
		if n := p.Len(); x.number >= n {
			return nil, "", errors.Errorf("-number is %d, want at most %d: %s has %d pictures", x.number, n-1, x.images, n)
		}
		if p.Channels != 1 && p.Channels != 3 {
			return nil, "", errors.Errorf("%s has pictures of %d channels, want 1 or 3", x.images, p.Channels)
		}
		name = fmt.Sprintf("picture %d of %s", x.number, filepath.Base(x.images))
	}
	return pictures.Image(p, x.number), name, nil
}
