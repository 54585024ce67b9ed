// Package pictures draws digits, reads pictures, and scales them for a vision model.
package pictures

import (
	"image"
	"math"

	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/gomonobolditalic"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/gofont/gosmallcaps"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"

	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// DigitNames lists the names of the classes of drawn digits.
var DigitNames = []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"}

// DigitSide is the width and height of a drawn digit in pixels.
const DigitSide = 28

var digitFonts = [][]byte{goregular.TTF, gobold.TTF, goitalic.TTF, gomono.TTF, gomonobolditalic.TTF, gosmallcaps.TTF}

// Digits draws n digits in Go's fonts: each in a size, a slant, an angle, a place and a brightness of its own, with noise. They depend
// only on the seed.
func Digits(n int, seed uint64) data.Pictures {
	p := data.Pictures{Channels: 1, Height: DigitSide, Width: DigitSide}
	outlines := map[int]sfnt.Segments{}
	for i := range n {
		random := kernel.Seed{Key: kernel.Key(seed, "digits"), Stream: uint64(i)}
		digit, face := int(random.Uint32(0)%10), int(random.Uint32(1))%len(digitFonts)
		key := 10*face + digit
		if outlines[key] == nil {
			outlines[key] = outline(digitFonts[face], rune('0'+digit))
		}
		p.Pixels = append(p.Pixels, drawDigit(outlines[key], random)...)
		p.Classes = append(p.Classes, int32(digit))
	}
	return p
}

// outline returns the outline of a rune, 1,000 units to the em.
func outline(font []byte, r rune) sfnt.Segments {
	var b sfnt.Buffer
	f, err := sfnt.Parse(font)
	if err != nil {
		panic(err) // the fonts are part of the program
	}
	i, err := f.GlyphIndex(&b, r)
	if err != nil {
		panic(err)
	}
	s, err := f.LoadGlyph(&b, i, fixed.I(1000), nil)
	if err != nil {
		panic(err)
	}
	return append(sfnt.Segments(nil), s...)
}

// drawDigit draws an outline with random changes.
func drawDigit(s sfnt.Segments, random kernel.Seed) []byte {
	between := func(i uint64, low, high float64) float64 {
		return low + (high-low)*float64(random.Uint32(i))/math.MaxUint32
	}
	bounds := s.Bounds()
	centerX, centerY := float64(bounds.Min.X+bounds.Max.X)/2, float64(bounds.Min.Y+bounds.Max.Y)/2
	scale := between(2, 16, 21) / float64(bounds.Max.Y-bounds.Min.Y)
	sin, cos := math.Sincos(between(3, -0.25, 0.25))
	slant, moveX, moveY := between(4, -0.2, 0.2), between(5, -2.5, 2.5), between(6, -2.5, 2.5)
	at := func(p fixed.Point26_6) (x, y float32) {
		u, v := (float64(p.X)-centerX)*scale, (float64(p.Y)-centerY)*scale
		u -= slant * v
		return float32(cos*u - sin*v + moveX + DigitSide/2), float32(sin*u + cos*v + moveY + DigitSide/2)
	}
	mask := image.NewAlpha(image.Rect(0, 0, DigitSide, DigitSide))
	fill(s, at).Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	ink, noise := between(7, 150, 255), between(8, 10, 50)
	pixels := make([]byte, len(mask.Pix))
	for i, a := range mask.Pix {
		v := ink*float64(a)/255 + noise*between(uint64(9+i), -0.5, 1)
		pixels[i] = byte(min(max(v, 0), 255))
	}
	return pixels
}

// fill returns the area within an outline whose points are mapped by at.
func fill(s sfnt.Segments, at func(fixed.Point26_6) (x, y float32)) *vector.Rasterizer {
	z := vector.NewRasterizer(DigitSide, DigitSide)
	for _, segment := range s {
		var p [6]float32
		for i, point := range segment.Args {
			p[2*i], p[2*i+1] = at(point)
		}
		switch segment.Op {
		case sfnt.SegmentOpMoveTo:
			z.ClosePath()
			z.MoveTo(p[0], p[1])
		case sfnt.SegmentOpLineTo:
			z.LineTo(p[0], p[1])
		case sfnt.SegmentOpQuadTo:
			z.QuadTo(p[0], p[1], p[2], p[3])
		case sfnt.SegmentOpCubeTo:
			z.CubeTo(p[0], p[1], p[2], p[3], p[4], p[5])
		}
	}
	z.ClosePath()
	return z
}
