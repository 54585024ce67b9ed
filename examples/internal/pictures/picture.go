package pictures

import (
	"image"
	"image/color"
	_ "image/gif" // formats of image.Decode
	_ "image/jpeg"
	_ "image/png"
	"os"

	"github.com/pkg/errors"
	"golang.org/x/image/draw"

	"github.com/gorgoformer/gorgoformer/train/data"
)

const (
	mostPixels = 1 << 27 // of a picture that is read from a file

	// MostSide bounds the sides of a picture that a model sees, in pixels.
	MostSide = 1 << 12
)

// Read reads a PNG, JPEG or GIF file.
func Read(path string) (image.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.WithStack(err)
	}
	defer f.Close()
	c, _, err := image.DecodeConfig(f)
	if err != nil {
		return nil, errors.Wrapf(err, "%s: want a PNG, JPEG or GIF file", path)
	}
	if c.Width < 1 || c.Height < 1 || c.Width > mostPixels/c.Height {
		return nil, errors.Errorf("%s has %d×%d pixels, want 1 … %d in all", path, c.Width, c.Height, mostPixels)
	}
	if _, err := f.Seek(0, 0); err != nil {
		return nil, errors.WithStack(err)
	}
	m, _, err := image.Decode(f)
	return m, errors.Wrap(err, path)
}

// IsPNG reports whether a file begins as a PNG file does.
func IsPNG(path string) bool {
	f, err := os.Open(path)
	if err != nil {
		return false
	}
	defer f.Close()
	_, format, err := image.DecodeConfig(f)
	return err == nil && format == "png"
}

// Image returns picture i, which has one channel or three.
func Image(p data.Pictures, i int) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, p.Width, p.Height))
	area, pixels := p.Height*p.Width, p.Picture(i)
	for k := range area {
		r := pixels[k]
		c := color.RGBA{r, r, r, 255}
		if p.Channels == 3 {
			c.G, c.B = pixels[area+k], pixels[2*area+k]
		}
		m.SetRGBA(k%p.Width, k/p.Width, c)
	}
	return m
}

// Scaled returns a picture on black ground, scaled to size×size pixels.
func Scaled(m image.Image, size int, by draw.Interpolator) *image.RGBA {
	to := image.NewRGBA(image.Rect(0, 0, size, size))
	draw.Draw(to, to.Bounds(), image.Black, image.Point{}, draw.Src)
	if b := m.Bounds(); b.Dx() == size && b.Dy() == size {
		draw.Draw(to, to.Bounds(), m, b.Min, draw.Over)
	} else {
		by.Scale(to, to.Bounds(), m, b, draw.Over, nil)
	}
	return to
}

// AppendPlanes appends the colours of a picture, channel by channel: its brightness, or red, green and blue.
func AppendPlanes(pixels []byte, m *image.RGBA, channels int) []byte {
	for c := range channels {
		for i := 0; i < len(m.Pix); i += 4 {
			v := m.Pix[i+c]
			if channels == 1 {
				v = color.GrayModel.Convert(color.RGBA{m.Pix[i], m.Pix[i+1], m.Pix[i+2], 255}).(color.Gray).Y
			}
			pixels = append(pixels, v)
		}
	}
	return pixels
}

// Resize scales pictures to size×size pixels. A size of 0 keeps square pictures as they are.
func Resize(p data.Pictures, size int, by draw.Interpolator) (data.Pictures, error) {
	if p.Channels != 1 && p.Channels != 3 {
		return p, errors.Errorf("pictures of %d channels, want 1 or 3", p.Channels)
	}
	if size == 0 && p.Height != p.Width {
		return p, errors.Errorf("pictures of %d×%d pixels are not square: scale them with -size", p.Width, p.Height)
	}
	if size == 0 || size == p.Height && size == p.Width {
		return p, nil
	}
	q := data.Pictures{Channels: p.Channels, Height: size, Width: size, Classes: p.Classes}
	for i := range p.Len() {
		q.Pixels = AppendPlanes(q.Pixels, Scaled(Image(p, i), size, by), p.Channels)
	}
	return q, nil
}
