package data_test

import (
	"math"
	"slices"
	"testing"

	"github.com/gorgoformer/gorgoformer/graph/ops"
	"github.com/gorgoformer/gorgoformer/train/data"
)

// fivePictures are five pictures of two channels of 2×3 pixels, whose bytes all differ.
func fivePictures() data.Pictures {
	p := data.Pictures{Channels: 2, Height: 2, Width: 3, Classes: []int32{0, 1, 2, 1, 0}}
	for i := range 60 {
		p.Pixels = append(p.Pixels, byte(4*i+1))
	}
	return p
}

// plain is a scale that leaves a byte x as x/255.
var plain = data.Scale{Mean: []float64{0, 0}, Std: []float64{1, 1}}

func TestReadPictures(t *testing.T) {
	pixels := fivePictures().Pixels
	labels := written(t, idx([]byte{0, 1, 2, 1, 0}, 5))
	got, err := data.ReadPictures(written(t, idx(pixels, 5, 2, 2, 3)), labels)
	if err != nil || got.Key() != fivePictures().Key() || got.Len() != 5 {
		t.Errorf("got %v and error %v", got, err)
	}
	got, err = data.ReadPictures(written(t, packed(t, idx(pixels, 10, 2, 3))), "")
	if err != nil || got.Channels != 1 || got.Len() != 10 || got.Classes != nil {
		t.Errorf("without labels: got %v and error %v", got, err)
	}
	for _, c := range []struct {
		images, labels []byte
		want           []string
	}{
		{idx([]byte{0, 1}, 2), idx([]byte{0, 1}, 2), []string{"dimensions 2", "exchanged"}},
		{idx(make([]byte, 8), 2, 2, 2), idx(make([]byte, 8), 2, 2, 2), []string{"dimensions 2×2×2", "want one"}},
		{idx(make([]byte, 8), 2, 2, 2), idx([]byte{0, 1, 2}, 3), []string{"3 labels", "2 pictures"}},
		{idx(make([]byte, 8), 2, 2, 2), []byte("label"), []string{"no idx file"}},
	} {
		_, err := data.ReadPictures(written(t, c.images), written(t, c.labels))
		wantError(t, err, c.want...)
	}
}

func TestCheckPictures(t *testing.T) {
	if err := fivePictures().Check(3); err != nil {
		t.Error(err)
	}
	wantError(t, fivePictures().Check(2), "picture 2 has class 2", "0 … 1")
	few, odd := fivePictures(), fivePictures()
	few.Classes, odd.Pixels = few.Classes[:4], odd.Pixels[:59]
	wantError(t, few.Check(3), "4 classes for 5 pictures")
	wantError(t, odd.Check(3), "59 bytes", "12")
	wantError(t, data.Pictures{}.Check(3), "Channels is 0")
}

func TestSplitPictures(t *testing.T) {
	learning, held := fivePictures().Split(0.4, 7)
	if learning.Len() != 3 || held.Len() != 2 {
		t.Fatalf("got %d and %d pictures", learning.Len(), held.Len())
	}
	var first []byte
	for i := range 3 {
		first = append(first, learning.Picture(i)[0])
	}
	for i := range 2 {
		first = append(first, held.Picture(i)[0])
	}
	if slices.Sort(first); !slices.Equal(first, []byte{1, 49, 97, 145, 193}) {
		t.Errorf("got the pictures that begin with %v", first)
	}
	again, _ := fivePictures().Split(0.4, 7)
	if again.Key() != learning.Key() || held.Key() == learning.Key() {
		t.Error("the split or the key is wrong")
	}
	different := fivePictures()
	different.Classes[4] = 2
	if different.Key() == fivePictures().Key() {
		t.Error("the key ignores classes")
	}
}

func TestMoments(t *testing.T) {
	p := data.Pictures{Channels: 2, Height: 1, Width: 1, Pixels: []byte{0, 51, 255, 51}}
	mean, std := p.Moments()
	for i, want := range []float64{0.5, 0.2, 0.5, 0} {
		if got := slices.Concat(mean, std)[i]; math.Abs(got-want) > 1e-12 {
			t.Errorf("got means %v and deviations %v", mean, std)
		}
	}
}

// TestPictureBatches: an epoch has each picture once, normalized, with its class. A batch is a function of its number and the seed.
func TestPictureBatches(t *testing.T) {
	p := fivePictures()
	scale := data.Scale{Mean: []float64{0.5, 0}, Std: []float64{0.25, 2}}
	s, other := p.Batches(2, scale), p.Batches(2, scale)
	s.Seed, other.Seed = 3, 4
	seen, order, second := map[int]int{}, []int{}, []int{}
	for i := range 5 { // two epochs
		feed, err := s.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		pixels, targets := slices.Clone(feed["pixels"].Float32s()), slices.Clone(feed["targets"].Int32s())
		items, err := s.Items(i)
		if err != nil {
			t.Fatal(err)
		}
		order = append(order, items...)
		for r, item := range items {
			seen[item]++
			for k, x := range p.Picture(item) {
				c := k / 6
				want := float32((float64(x)/255 - scale.Mean[c]) / scale.Std[c])
				if got := pixels[12*r+k]; got != want || targets[r] != p.Classes[item] {
					t.Fatalf("picture %d: got %v for pixel %d, want %v; class %d", item, got, k, want, targets[r])
				}
			}
		}
		items, _ = other.Items(i)
		second = append(second, items...)
	}
	for item := range 5 {
		if seen[item] != 2 {
			t.Errorf("picture %d was drawn %d times in two epochs", item, seen[item])
		}
	}
	if slices.Equal(order, second) {
		t.Error("two seeds give the same order")
	}
	fresh := p.Batches(2, scale)
	fresh.Seed = 3
	if items, err := fresh.Items(4); err != nil || !slices.Equal(items, order[8:]) {
		t.Errorf("batch 4 alone: got %v (%v), want %v", items, err, order[8:])
	}
}

// TestSequentialPictures: a pass has each picture once and in order. Black pictures without a class fill the last batch.
func TestSequentialPictures(t *testing.T) {
	s := fivePictures().Sequential(3, plain)
	s.Flip, s.Shift = true, 1 // only for training
	if s.Len() != 2 {
		t.Fatalf("got %d batches, want 2", s.Len())
	}
	feed, err := s.Batch(1)
	if err != nil {
		t.Fatal(err)
	}
	if got := feed["targets"].Int32s(); !slices.Equal(got, []int32{1, 0, ops.IgnoreTarget}) {
		t.Errorf("got classes %v", got)
	}
	if got := feed["pixels"].Float32s(); got[0] != float32(145)/255 || got[12] != float32(193)/255 || slices.Max(got[24:]) != 0 {
		t.Errorf("got pixels %v", got)
	}
	_, err = s.Batch(2)
	wantError(t, err, "no batch 2", "0 … 1")
	few := fivePictures().Sequential(3, plain)
	few.Spread = 2
	if items, err := few.Items(0); err != nil || few.Len() != 1 || !slices.Equal(items, []int{0, 2}) {
		t.Errorf("got %v and error %v, want 2 pictures, spread over all", items, err)
	}
}

// TestChangedPictures: training mirrors and moves pictures, and only so. The change of a row depends only on its number and the seed.
func TestChangedPictures(t *testing.T) {
	p := data.Pictures{Channels: 1, Height: 4, Width: 4, Pixels: make([]byte, 16), Classes: []int32{0}}
	p.Pixels[5], p.Pixels[6] = 51, 102 // row 1
	scale := data.Scale{Mean: []float64{0}, Std: []float64{1}}
	s := p.Batches(1, scale)
	s.Flip, s.Shift, s.Seed = true, 1, 9
	seen := map[[3]int]bool{}
	for i := range 200 {
		feed, err := s.Batch(i)
		if err != nil {
			t.Fatal(err)
		}
		pixels := slices.Clone(feed["pixels"].Float32s())
		a, b := slices.Index(pixels, float32(51)/255), slices.Index(pixels, float32(102)/255)
		if a < 0 || b < 0 || a/4 != b/4 || a-b != 1 && b-a != 1 {
			t.Fatalf("row %d: got pixels %v", i, pixels)
		}
		seen[[3]int{b - a, min(a, b)%4 - 1, a/4 - 1}] = true
		fresh := p.Batches(1, scale)
		fresh.Flip, fresh.Shift, fresh.Seed = true, 1, 9
		if feed, err := fresh.Batch(i); err != nil || !slices.Equal(feed["pixels"].Float32s(), pixels) {
			t.Fatalf("row %d alone differs (%v)", i, err)
		}
	}
	if len(seen) != 2*3*3 {
		t.Errorf("got %d changes, want 18: %v", len(seen), seen)
	}
	for change := range seen {
		if max(change[1], -change[1], change[2], -change[2]) > 1 {
			t.Errorf("got the change %v, want at most 1 pixel", change)
		}
	}
}

func TestBadPictureBatches(t *testing.T) {
	shifted := fivePictures().Batches(2, plain)
	shifted.Shift = 2
	few := fivePictures()
	few.Classes = few.Classes[:3]
	for want, s := range map[string]*data.PictureBatches{
		"B is 0":                      fivePictures().Batches(0, plain),
		"the number of pictures is 0": data.Pictures{}.Batches(2, plain),
		"3 classes for 5 pictures":    few.Batches(2, plain),
		"Shift is 2, want 0 … 1":      shifted,
		"0 means":                     fivePictures().Batches(2, data.Scale{}),
		"deviation 0":                 fivePictures().Batches(2, data.Scale{Mean: []float64{0, 0}, Std: []float64{1, 0}}),
		"mean NaN":                    fivePictures().Batches(2, data.Scale{Mean: []float64{math.NaN(), 0}, Std: []float64{1, 1}}),
		"channel 0 has mean 0 and standard deviation NaN": fivePictures().Batches(2, data.Scale{Mean: []float64{0, 0}, Std: []float64{math.NaN(), 1}}),
	} {
		_, err := s.Batch(0)
		wantError(t, err, "data: pictures", want)
	}
	_, err := fivePictures().Batches(2, plain).Batch(-1)
	wantError(t, err, "no batch -1")
}

// TestFashionMNIST reads the pictures to test, which have 1,000 of each class.
func TestFashionMNIST(t *testing.T) {
	p, err := data.ReadPictures(shared(t, "data", "fashion-mnist/t10k-images-idx3-ubyte.gz"), shared(t, "data", "fashion-mnist/t10k-labels-idx1-ubyte.gz"))
	if err != nil {
		t.Fatal(err)
	}
	counts := [10]int{}
	for _, class := range p.Classes {
		counts[class]++
	}
	if p.Len() != 10000 || p.Height != 28 || p.Width != 28 || counts != [10]int{1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000} {
		t.Errorf("got %d pictures of %d×%d, classes %v", p.Len(), p.Width, p.Height, counts)
	}
	if mean, std := p.Moments(); math.Abs(mean[0]-0.2868) > 1e-3 || math.Abs(std[0]-0.3524) > 1e-3 { // published for all 70,000: 0.286, 0.353
		t.Errorf("got mean %v and deviation %v", mean, std)
	}
}
