package data

import (
	"crypto/sha256"
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
)

// Pictures are pictures of one size with their classes, for a classifier of pictures.
type Pictures struct {
	Channels, Height, Width int     // Channels colours of each of Height·Width pixels
	Pixels                  []byte  // picture by picture, channel by channel, row by row
	Classes                 []int32 // class of each picture; nil means unknown
}

// ReadPictures reads pictures and their classes from two idx files, also packed by gzip: see [ReadIDX]. The pictures have the dimensions
// (N, Height, Width) or (N, Channels, Height, Width), and the labels (N). Without labels, "", the classes are unknown.
func ReadPictures(images, labels string) (p Pictures, err error) {
	x, err := ReadIDX(images)
	if err != nil {
		return p, err
	}
	switch d := x.Dims; len(d) {
	case 3:
		p = Pictures{Channels: 1, Height: d[1], Width: d[2], Pixels: x.Bytes}
	case 4:
		p = Pictures{Channels: d[1], Height: d[2], Width: d[3], Pixels: x.Bytes}
	default:
		return p, errors.Errorf("data: pictures: %s has the dimensions %s, want number×height×width: are pictures and labels exchanged?", images, shapeText(d))
	}
	if labels == "" {
		return p, nil
	}
	y, err := ReadIDX(labels)
	if err != nil {
		return p, err
	}
	if len(y.Dims) != 1 {
		return p, errors.Errorf("data: pictures: %s has the dimensions %s, want one, the number of labels", labels, shapeText(y.Dims))
	}
	if n := p.Len(); len(y.Bytes) != n {
		return p, errors.Errorf("data: pictures: %s has %d labels, %s has %d pictures: want equal numbers", labels, len(y.Bytes), images, n)
	}
	for _, class := range y.Bytes {
		p.Classes = append(p.Classes, int32(class))
	}
	return p, nil
}

// size returns the number of bytes of a picture.
func (p Pictures) size() int { return p.Channels * p.Height * p.Width }

// Len returns the number of pictures.
func (p Pictures) Len() int {
	if p.size() < 1 {
		return 0
	}
	return len(p.Pixels) / p.size()
}

// Picture returns the bytes of picture i, channel by channel.
func (p Pictures) Picture(i int) []byte { return p.Pixels[i*p.size():][:p.size()] }

// Check returns an error unless the pictures and classes fit together and the classes are below n.
func (p Pictures) Check(n int) error {
	if err := checkSizes("Channels", p.Channels, "Height", p.Height, "Width", p.Width); err != nil {
		return errors.WithMessage(err, "data: pictures")
	}
	if len(p.Pixels)%p.size() != 0 {
		return errors.Errorf("data: pictures: %d bytes are no whole number of pictures of %d", len(p.Pixels), p.size())
	}
	if p.Classes != nil && len(p.Classes) != p.Len() {
		return errors.Errorf("data: pictures: %d classes for %d pictures", len(p.Classes), p.Len())
	}
	for i, class := range p.Classes {
		if class < 0 || int(class) >= n {
			return errors.Errorf("data: pictures: picture %d has class %d, want 0 … %d", i, class, n-1)
		}
	}
	return nil
}

// Select returns copies of some pictures.
func (p Pictures) Select(items []int) Pictures {
	q := Pictures{Channels: p.Channels, Height: p.Height, Width: p.Width, Pixels: make([]byte, 0, len(items)*p.size())}
	for _, i := range items {
		q.Pixels = append(q.Pixels, p.Picture(i)...)
		if p.Classes != nil {
			q.Classes = append(q.Classes, p.Classes[i])
		}
	}
	return q
}

// Split draws a fraction of the pictures at random. The draw depends only on their number and the seed. Both parts are in order.
func (p Pictures) Split(fraction float64, seed uint64) (learning, held Pictures) {
	n := p.Len()
	k := int(math.Round(fraction * float64(n)))
	items := make([]int, n)
	for i := range items {
		items[i] = order{n, kernel.Key(seed, "held out")}.permute(i, 0)
	}
	slices.Sort(items[:k])
	slices.Sort(items[k:])
	return p.Select(items[k:]), p.Select(items[:k])
}

// Key returns the key of the pictures and their classes.
func (p Pictures) Key() string {
	k := keyer{sum: sha256.New()}
	k.ids([]int32{int32(p.Channels), int32(p.Height), int32(p.Width)})
	k.sum.Write(p.Pixels)
	k.part(p.Classes)
	return k.key()
}

// Moments returns the mean and the standard deviation of each channel, of values from 0 to 1.
func (p Pictures) Moments() (mean, std []float64) {
	area := p.Height * p.Width
	for c := range p.Channels {
		var counts [256]int
		for i := range p.Len() {
			for _, x := range p.Picture(i)[c*area:][:area] {
				counts[x]++
			}
		}
		n, sum, squares := 0.0, 0.0, 0.0
		for x, k := range counts {
			v := float64(x) / 255
			n, sum, squares = n+float64(k), sum+float64(k)*v, squares+float64(k)*v*v
		}
		m := sum / max(n, 1)
		mean, std = append(mean, m), append(std, math.Sqrt(max(squares/max(n, 1)-m*m, 0)))
	}
	return mean, std
}
