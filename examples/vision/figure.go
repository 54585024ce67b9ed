package main

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"gonum.org/v1/plot/palette/moreland"
)

// figure is a picture with the maps of attention to its patches: a row for each layer; a column for each head, for their mean and for the
// rollout.
type figure struct {
	picture image.Image
	side    int      // patches in a row
	lines   []string // the text next to the picture
	maps    []layerMaps
}

// Sizes in pixels.
const (
	tile       = 112 // width and height of a map
	gap        = 8
	leftMargin = 72
	topMargin  = 28
	big        = 2 * tile // the picture
	lineHeight = 26
)

// draw returns the figure.
func (f figure) draw() image.Image {
	columns := len(f.maps[0].heads) + 2
	width := max(leftMargin+columns*(tile+gap)+gap, leftMargin+big+420)
	height := gap + big + gap + topMargin + len(f.maps)*(tile+gap) + gap
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(m, m.Bounds(), image.White, image.Point{}, draw.Src)
	f.head(m)
	top := gap + big + gap + topMargin
	for c := range columns {
		write(m, leftMargin+c*(tile+gap)+tile/2, top-10, f.title(c), true)
	}
	for l, maps := range f.maps {
		y := top + l*(tile+gap)
		write(m, leftMargin/2, y+tile/2+5, fmt.Sprintf("layer %d", l+1), true)
		for c, values := range append(slices.Clone(maps.heads), maps.mean, maps.rollout) {
			at := image.Pt(leftMargin+c*(tile+gap), y)
			draw.Draw(m, image.Rectangle{at, at.Add(image.Pt(tile, tile))}, f.heat(values), image.Point{}, draw.Src)
		}
	}
	return m
}

// head draws the picture and the text next to it.
func (f figure) head(m draw.Image) {
	square := image.Rect(leftMargin, gap, leftMargin+big, gap+big)
	draw.NearestNeighbor.Scale(m, square, f.picture, f.picture.Bounds(), draw.Src, nil)
	text := append(slices.Clone(f.lines), "", "How much the class token attends to each", "patch; each map has its own scale.")
	for i, line := range text {
		write(m, leftMargin+big+2*gap, gap+lineHeight*(i+1), line, false)
	}
}

// title returns the title of a column.
func (f figure) title(column int) string {
	switch heads := len(f.maps[0].heads); column {
	case heads:
		return "mean"
	case heads + 1:
		return "rollout"
	}
	return fmt.Sprintf("head %d", column+1)
}

// heat returns a map in the colours of a black body, with the picture as its brightness. The largest value is white.
func (f figure) heat(values []float64) image.Image {
	colours := moreland.ExtendedBlackBody()
	colours.SetMax(1)
	most := slices.Max(values)
	small := image.NewRGBA(image.Rect(0, 0, f.side, f.side))
	for i, v := range values {
		c, err := colours.At(math.Min(v/math.Max(most, math.SmallestNonzeroFloat64), 1))
		if err != nil { // a NaN
			c = color.Gray{128}
		}
		small.Set(i%f.side, i/f.side, c)
	}
	tinted := image.NewRGBA(image.Rect(0, 0, tile, tile))
	draw.NearestNeighbor.Scale(tinted, tinted.Bounds(), small, small.Bounds(), draw.Src, nil)
	picture := image.NewRGBA(tinted.Bounds())
	draw.BiLinear.Scale(picture, picture.Bounds(), f.picture, f.picture.Bounds(), draw.Src, nil)
	draw.DrawMask(tinted, tinted.Bounds(), picture, image.Point{}, image.NewUniform(color.Alpha{90}), image.Point{}, draw.Over)
	return tinted
}

// write writes a line of text with its baseline at y. It begins or is centered at x.
func write(m draw.Image, x, y int, text string, centered bool) {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err) // the font is part of the program
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: 16, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic(err)
	}
	d := font.Drawer{Dst: m, Src: image.Black, Face: face, Dot: fixed.P(x, y)}
	if centered {
		d.Dot.X -= d.MeasureString(text) / 2
	}
	d.DrawString(text)
}
