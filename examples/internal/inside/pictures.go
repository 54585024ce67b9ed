package inside

import (
	"fmt"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/examples/internal/pictures"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/data"
	"github.com/gorgoformer/gorgoformer/train/report/page"
)

// Picture is a picture for a vision model.
type Picture struct {
	Name    string
	Pixels  []float32    // (Channels, Size, Size), as the model reads them
	Picture page.Picture // as a reader sees it
}

// mostPictures bounds the pictures of a page.
const mostPictures = 24

// Show returns the first pictures of a data set for the page of a model. Their values are scaled for the model.
func Show(all data.Pictures, scale data.Scale, m models.ViT) (shown []Picture, err error) {
	n := min(all.Len(), mostPictures)
	items := make([]int, n)
	for i := range items {
		items[i] = i
	}
	feed, err := all.Select(items).Sequential(max(n, 1), scale).Batch(0)
	if err != nil {
		return nil, err
	}
	pixels, size := feed["pixels"].Float32s(), all.Channels*all.Height*all.Width
	for i := range n {
		p := Picture{Name: fmt.Sprint(i + 1), Pixels: pixels[i*size : (i+1)*size]}
		p.Picture = page.Picture{Width: all.Width, Height: all.Height, Patch: m.Patch, Channels: all.Channels}
		for _, v := range all.Picture(i) {
			p.Picture.Pixels = append(p.Picture.Pixels, float32(v)/255)
		}
		if all.Classes != nil && int(all.Classes[i]) < len(m.Labels) {
			p.Picture.Label = m.Labels[all.Classes[i]]
			p.Name += ": " + p.Picture.Label
		}
		shown = append(shown, p)
	}
	return shown, nil
}

// digits returns drawn digits, prepared as the model in a folder wants them.
func digits(dir string, m models.ViT) ([]Picture, error) {
	channels := m.Channels
	if channels == 0 {
		channels = 3
	}
	if channels != 1 && channels != 3 {
		return nil, errors.Errorf("%s: the model has %d channels, want 1 or 3", dir, channels)
	}
	processor, err := pictures.ReadProcessor(dir, channels)
	if err != nil {
		return nil, err
	}
	drawn := pictures.Digits(mostPictures, 3)
	all := data.Pictures{Channels: channels, Height: m.Size, Width: m.Size}
	for i := range drawn.Len() {
		all.Pixels = pictures.AppendPlanes(all.Pixels, pictures.Scaled(pictures.Image(drawn, i), m.Size, processor.Filter()), channels)
	}
	if len(m.Labels) == len(pictures.DigitNames) {
		all.Classes = drawn.Classes
	}
	return Show(all, processor.Scale(), m)
}
