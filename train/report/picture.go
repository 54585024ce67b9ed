package report

import (
	"cmp"
	"image"
	"image/color"
	"image/png"
	"io"
	"slices"

	"github.com/pkg/errors"
)

// encode writes a drawing as a PNG with a palette of its 256 most frequent shades; the other pixels, all at the edges of lines and
// letters, take the nearest of them. Such a file is a third as large as one in full colour and is encoded in a fraction of the time.
func encode(w io.Writer, full *image.RGBA) error {
	palette, index := shades(full)
	picture := image.NewPaletted(full.Rect, palette)
	for i := range picture.Pix {
		picture.Pix[i] = index[shade(full.Pix[4*i:])]
	}
	encoder := png.Encoder{CompressionLevel: png.BestSpeed}
	return errors.WithStack(encoder.Encode(w, picture))
}

// shade returns the number of a pixel's shade: the upper five bits of red, green and blue.
func shade(pixel []byte) int {
	return int(pixel[0]>>3)<<10 | int(pixel[1]>>3)<<5 | int(pixel[2]>>3)
}

// shades returns the colours of the most frequent shades of a picture, and the index of the nearest of them for each of its shades.
// A shade has the colour of most of its pixels, if one colour has the majority (Boyer and Moore 1981), so areas keep their colour exactly.
func shades(picture *image.RGBA) (color.Palette, *[1 << 15]uint8) {
	var count, votes [1 << 15]int
	var colour [1 << 15]color.RGBA
	var all []int
	for i := 0; i < len(picture.Pix); i += 4 {
		p := picture.Pix[i : i+4 : i+4]
		c, s := color.RGBA{R: p[0], G: p[1], B: p[2], A: p[3]}, shade(p)
		if count[s]++; count[s] == 1 {
			all = append(all, s)
		}
		switch {
		case votes[s] == 0:
			colour[s], votes[s] = c, 1
		case colour[s] == c:
			votes[s]++
		default:
			votes[s]--
		}
	}
	slices.SortFunc(all, func(a, b int) int { return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(a, b)) })
	var palette color.Palette
	index := new([1 << 15]uint8)
	for i, s := range all {
		if i < 256 {
			palette = append(palette, colour[s])
			index[s] = uint8(i)
		} else {
			index[s] = uint8(palette.Index(colour[s]))
		}
	}
	return palette, index
}
