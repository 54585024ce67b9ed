package main

import (
	"fmt"
	"image"
	"image/color"
	"slices"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
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
	caption    = 18 // below a map
	step       = tile + caption + gap
)

// draw returns the figure.
func (f figure) draw() image.Image {
	columns := len(f.maps[0].heads) + 2
	width := max(leftMargin+columns*(tile+gap)+gap, leftMargin+big+420)
	height := gap + big + gap + topMargin + len(f.maps)*step + gap
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	draw.Draw(m, m.Bounds(), image.White, image.Point{}, draw.Src)
	f.head(m)
	top := gap + big + gap + topMargin
	for c := range columns {
		write(m, leftMargin+c*(tile+gap)+tile/2, top-10, f.title(c), centered)
	}
	for l, maps := range f.maps {
		y := top + l*step
		write(m, leftMargin/2, y+tile/2+5, fmt.Sprintf("layer %d", l+1), centered)
		for c, values := range append(slices.Clone(maps.heads), maps.mean, maps.rollout) {
			at := image.Pt(leftMargin+c*(tile+gap), y)
			draw.Draw(m, image.Rectangle{at, at.Add(image.Pt(tile, tile))}, f.tinted(values), image.Point{}, draw.Src)
			write(m, at.X+tile/2, y+tile+caption-4, span(values), small)
		}
	}
	return m
}

// head draws the picture and the text next to it.
func (f figure) head(m draw.Image) {
	square := image.Rect(leftMargin, gap, leftMargin+big, gap+big)
	draw.NearestNeighbor.Scale(m, square, f.picture, f.picture.Bounds(), draw.Src, nil)
	text := append(slices.Clone(f.lines), "", "The class token attends to orange patches most and", "to grey ones least. Below a map: its least and largest",
		"attention, where 1 is the mean.")
	for i, line := range text {
		write(m, leftMargin+big+2*gap, gap+lineHeight*(i+1), line, leftAligned)
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

// orange is the colour of the patch with the most attention.
var orange = [3]float64{255, 140, 0}

// tinted returns the picture in grey, tinted by a map: orange at the largest value, not at all at the least.
func (f figure) tinted(values []float64) image.Image {
	m := image.NewRGBA(image.Rect(0, 0, tile, tile))
	draw.NearestNeighbor.Scale(m, m.Bounds(), f.picture, f.picture.Bounds(), draw.Src, nil)
	least, most := slices.Min(values), slices.Max(values)
	for y := range tile {
		for x := range tile {
			tint := 0.0
			if most > least {
				tint = 0.8 * (values[y*f.side/tile*f.side+x*f.side/tile] - least) / (most - least)
			}
			at := m.PixOffset(x, y)
			grey := float64(color.GrayModel.Convert(m.RGBAAt(x, y)).(color.Gray).Y)
			for c, full := range orange {
				m.Pix[at+c] = byte(grey + tint*(full-grey))
			}
		}
	}
	return m
}

// span returns the least and the largest value of a map, in multiples of the mean.
func span(values []float64) string {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	unit := sum / float64(len(values))
	return fmt.Sprintf("%.2f – %.2f", slices.Min(values)/unit, slices.Max(values)/unit)
}

// style is the size and the place of a line of text.
type style struct {
	size     float64
	centered bool
}

var leftAligned, centered, small = style{16, false}, style{16, true}, style{12, true}

// write writes a line of text with its baseline at y. It begins or is centered at x.
func write(m draw.Image, x, y int, text string, s style) {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		panic(err) // the font is part of the program
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: s.size, DPI: 72, Hinting: font.HintingFull})
	if err != nil {
		panic(err)
	}
	d := font.Drawer{Dst: m, Src: image.Black, Face: face, Dot: fixed.P(x, y)}
	if s.centered {
		d.Dot.X -= d.MeasureString(text) / 2
	}
	d.DrawString(text)
}
