package pictures

import (
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"
	"golang.org/x/image/draw"

	"github.com/gorgoformer/gorgoformer/train/data"
)

// ProcessorName is the name of the file of a Processor.
const ProcessorName = "preprocessor_config.json"

// Processor is the preparation of a picture: Hugging Face's preprocessor_config.json of a ViTImageProcessor.
type Processor struct {
	Type      string          `json:"image_processor_type"`
	Resize    bool            `json:"do_resize"`
	Size      json.RawMessage `json:"size"`
	Resample  int             `json:"resample"` // 2 is bilinear, 3 bicubic
	Rescale   bool            `json:"do_rescale"`
	Factor    float64         `json:"rescale_factor"`
	Normalize bool            `json:"do_normalize"`
	Mean      []float64       `json:"image_mean"`
	Std       []float64       `json:"image_std"`
}

// NewProcessor returns the file's content for pictures of size×size pixels.
func NewProcessor(size int, s data.Scale) (map[string][]byte, error) {
	side, err := json.Marshal(map[string]int{"height": size, "width": size})
	if err != nil {
		return nil, errors.WithStack(err)
	}
	p := Processor{"ViTImageProcessor", true, side, 2, true, 1.0 / 255, true, s.Mean, s.Std}
	text, err := json.MarshalIndent(p, "", "  ")
	return map[string][]byte{ProcessorName: append(text, '\n')}, errors.WithStack(err)
}

// ReadProcessor reads the file of a model folder. Keys that it lacks have the defaults of a ViTImageProcessor for this many channels.
func ReadProcessor(dir string, channels int) (p Processor, err error) {
	half := func() []float64 { return slices.Repeat([]float64{0.5}, channels) } // Unmarshal writes into a slice that it finds
	p = Processor{Resize: true, Resample: 2, Rescale: true, Factor: 1.0 / 255, Normalize: true, Mean: half(), Std: half()}
	path := filepath.Join(dir, ProcessorName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &p)
	}
	switch {
	case err != nil:
		return p, errors.Wrap(err, path)
	case len(p.Mean) != channels || len(p.Std) != channels:
		return p, errors.Errorf("%s has %d numbers in image_mean and %d in image_std, the model has %d channels", path, len(p.Mean), len(p.Std), channels)
	case p.Resample != 2 && p.Resample != 3:
		return p, errors.Errorf("%s has resample %d, want 2 (bilinear) or 3 (bicubic)", path, p.Resample)
	}
	return p, nil
}

// Side returns the width and height of pictures, 0 if the file does not say.
func (p Processor) Side() (int, error) {
	if p.Size == nil {
		return 0, nil
	}
	var n int
	if json.Unmarshal(p.Size, &n) == nil {
		return n, nil
	}
	var sides struct{ Height, Width, Shortest_edge int }
	if err := json.Unmarshal(p.Size, &sides); err != nil || sides.Height != sides.Width {
		return 0, errors.Errorf("%s has size %s, want a number or equal height and width", ProcessorName, p.Size)
	}
	return max(sides.Height, sides.Shortest_edge), nil
}

// Filter returns the filter that scales pictures. Pillow's bicubic has a = −0.5 as Catmull and Rom's.
func (p Processor) Filter() draw.Interpolator {
	if p.Resample == 3 {
		return draw.CatmullRom
	}
	return draw.BiLinear
}

// Scale returns the map of the bytes of a pixel: x·Factor, then minus Mean, divided by Std.
func (p Processor) Scale() data.Scale {
	factor := p.Factor
	if !p.Rescale {
		factor = 1
	}
	s := data.Scale{Mean: slices.Clone(p.Mean), Std: slices.Clone(p.Std)}
	for c := range s.Mean {
		if !p.Normalize {
			s.Mean[c], s.Std[c] = 0, 1
		}
		s.Mean[c], s.Std[c] = s.Mean[c]/(255*factor), s.Std[c]/(255*factor)
	}
	return s
}
