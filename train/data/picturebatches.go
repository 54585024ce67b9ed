package data

import (
	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/graph/kernel"
	"github.com/gorgoformer/gorgoformer/graph/ops"
)

// Scale maps the byte x of a pixel to (x/255 − Mean)/Std of its channel.
type Scale struct{ Mean, Std []float64 }

// check returns an error unless the scale has positive deviations for n channels.
func (s Scale) check(n int) error {
	if len(s.Mean) != n || len(s.Std) != n {
		return errors.Errorf("%d means and %d deviations for pictures of %d channels", len(s.Mean), len(s.Std), n)
	}
	for c, std := range s.Std {
		if m := s.Mean[c]; !(std > 0) || m-m != 0 || std-std != 0 {
			return errors.Errorf("channel %d has mean %g and standard deviation %g, want finite numbers, the second above 0", c, m, std)
		}
	}
	return nil
}

// values returns the values of the 256 bytes in a channel.
func (s Scale) values(channel int) (v [256]float32) {
	for x := range v {
		v[x] = float32((float64(x)/255 - s.Mean[channel]) / s.Std[channel])
	}
	return v
}

// PictureBatches is a Source of Pictures: pixels (B, Channels, Height, Width), float32, and targets (B), the classes. A target of
// unknown class is ops.IgnoreTarget. It is not safe for concurrent use.
type PictureBatches struct {
	Seed   uint64 // seed of the order and of the changes
	Flip   bool   // mirrors half of the pictures
	Shift  int    // moves each picture by up to this many pixels in both directions; zeros fill the gap
	Spread int    // limits a Sequential to this many pictures, spread evenly over the data; 0 keeps all

	pictures Pictures
	b        int
	scale    Scale
	pass     bool

	feed    graph.Feed
	pixels  []float32
	targets []int32
	items   []int
	values  [][256]float32
}

// Batches returns a Source that draws every picture once in each epoch, for training, b at a time. A batch may span two epochs.
func (p Pictures) Batches(b int, scale Scale) *PictureBatches {
	return &PictureBatches{pictures: p, b: b, scale: scale}
}

// Sequential returns a Source of all pictures once and in order, for evaluation. It has Len batches; any other number is an error. Black
// pictures whose class is ops.IgnoreTarget fill the last batch.
func (p Pictures) Sequential(b int, scale Scale) *PictureBatches {
	s := p.Batches(b, scale)
	s.pass = true
	return s
}

// rows returns the number of pictures of a pass.
func (s *PictureBatches) rows() int {
	if n := s.pictures.Len(); !s.pass || s.Spread <= 0 || s.Spread > n {
		return n
	}
	return s.Spread
}

// Len returns the number of batches that hold every picture once, rounded up.
func (s *PictureBatches) Len() int {
	if s.b < 1 {
		return 0
	}
	return (s.rows() + s.b - 1) / s.b
}

// Items returns the positions in the data of the pictures of batch i, row by row. They are valid until the next call of Items or Batch.
func (s *PictureBatches) Items(i int) ([]int, error) {
	if err := s.prepare(i); err != nil {
		return nil, errors.WithMessage(err, "data: pictures")
	}
	s.items = s.items[:0]
	for n := i * s.b; n < (i+1)*s.b; n++ {
		switch rows := s.rows(); {
		case !s.pass:
			item, _ := order{rows, kernel.Key(s.Seed, "pictures")}.item(n)
			s.items = append(s.items, item)
		case n < rows:
			s.items = append(s.items, n*s.pictures.Len()/rows)
		}
	}
	return s.items, nil
}

// Batch returns micro-batch i.
func (s *PictureBatches) Batch(i int) (graph.Feed, error) {
	items, err := s.Items(i)
	if err != nil {
		return nil, err
	}
	size := s.pictures.size()
	fillIDs(s.targets, ops.IgnoreTarget)
	for r := range s.b {
		at := s.pixels[r*size:][:size]
		if r >= len(items) {
			clear(at)
			continue
		}
		s.draw(at, s.pictures.Picture(items[r]), s.change(i*s.b+r))
		if s.pictures.Classes != nil {
			s.targets[r] = s.pictures.Classes[items[r]]
		}
	}
	return s.feed, nil
}

// prepare checks the data and the number of a batch, and makes the feed.
func (s *PictureBatches) prepare(i int) error {
	last := -1
	if s.pass {
		last = s.Len()
	}
	if s.feed == nil {
		if err := s.checkData(); err != nil {
			return err
		}
		p := s.pictures
		t := tensor.New(tensor.Of(tensor.Float32), tensor.WithShape(s.b, p.Channels, p.Height, p.Width))
		for c := range p.Channels {
			s.values = append(s.values, s.scale.values(c))
		}
		s.feed, s.pixels = graph.Feed{"pixels": t}, t.Float32s()
		s.targets = addIDs(s.feed, "targets", s.b)
	}
	return checkBatch(i, last)
}

func (s *PictureBatches) checkData() error {
	if err := checkSizes("B", s.b, "the number of pictures", s.pictures.Len()); err != nil {
		return err
	}
	if n := len(s.pictures.Classes); n > 0 && n != s.pictures.Len() {
		return errors.Errorf("%d classes for %d pictures", n, s.pictures.Len())
	}
	if s.Shift < 0 || s.Shift >= min(s.pictures.Height, s.pictures.Width) {
		return errors.Errorf("Shift is %d, want 0 … %d", s.Shift, min(s.pictures.Height, s.pictures.Width)-1)
	}
	return s.scale.check(s.pictures.Channels)
}

// change is a change of a picture in training.
type change struct {
	flip bool
	x, y int // pixels to the right and down
}

// change returns the change of row n of the run.
func (s *PictureBatches) change(n int) (c change) {
	if s.pass || !s.Flip && s.Shift == 0 {
		return c
	}
	random := kernel.Seed{Key: kernel.Key(s.Seed, "changes of pictures"), Stream: uint64(n)}
	span := uint32(2*s.Shift + 1)
	c.flip = s.Flip && random.Uint32(0)&1 == 1
	c.x, c.y = int(random.Uint32(1)%span)-s.Shift, int(random.Uint32(2)%span)-s.Shift
	return c
}

// draw writes the values of a changed picture.
func (s *PictureBatches) draw(to []float32, picture []byte, c change) {
	p := s.pictures
	for channel := range p.Channels {
		values := &s.values[channel]
		for y := range p.Height {
			row := to[(channel*p.Height+y)*p.Width:][:p.Width]
			from := y - c.y
			for x := range row {
				at := x - c.x
				if c.flip {
					at = p.Width - 1 - at
				}
				pixel := byte(0)
				if from >= 0 && from < p.Height && at >= 0 && at < p.Width {
					pixel = picture[(channel*p.Height+from)*p.Width+at]
				}
				row[x] = values[pixel]
			}
		}
	}
}
