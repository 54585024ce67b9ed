package folder

import (
	"maps"
	"slices"

	"github.com/pkg/errors"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/examples/internal/adapter"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers/models"
)

// Reader reads the weights of a model, and of an adapter, for Programs that only run. An adapter is merged into a base in float32. Over a base
// in few bits it stays apart.
type Reader struct {
	Params *graph.Params // to build over, before Load

	dir, added string // of the base, and of the adapter; "" means none
	model      Model
	apart      *adapter.Opened // nil if the adapter is merged
	mapped     map[string]bool // parameters in the memory of their file
}

// NewReader returns the Reader of a folder or a GGUF file, and of the adapter in the folder added unless that is "". A declaration fails at
// once if its shape differs from the file's. The matrices that use reads only in products and lookups are in Params already, in the type that
// w asks for. So are the weights of float32 in the memory of their file, where the system maps it: a model opens before they are read. While
// the Reader is in use, the file must not be changed in place or made shorter: replace it by renaming another. A Program that meets a part
// that is cut off returns an error.
func NewReader(dir, added string, m Model, w Weights, use Use) (*Reader, error) {
	r := &Reader{dir: dir, added: added, model: m, mapped: map[string]bool{}}
	var err error
	if r.Params, err = Expect(dir, m); err != nil {
		return nil, err
	}
	base, err := adapter.Base(dir)
	if err != nil {
		return nil, err
	}
	if w.float(base) {
		return r, r.mapWeights(base, use)
	}
	if base != dir {
		if below, err := adapter.Below(dir); err != nil || below != base || added != "" {
			return nil, errors.Errorf("-weights is %v, which takes one adapter, but %s has more: merge all but one, with the command merge, or use -weights f32", w, dir)
		}
		r.dir, r.added = base, dir
	}
	if r.added != "" {
		if r.apart, err = adapter.Open(r.added, m); err != nil {
			return nil, err
		}
		r.Params = r.Params.Carry(r.apart.LoRA)
	}
	if err := Pack(base, m, w, r.Params, use); err != nil {
		return nil, err
	}
	return r, r.mapWeights(base, use)
}

// mapWeights gives Params the weights of float32 in the memory of their file. Load reads the others.
func (r *Reader) mapWeights(dir string, use Use) error {
	shapes, err := graph.Declared(r.Params, use.Mode, use.Declare)
	if err != nil {
		return err
	}
	source, err := openSource(dir, r.model)
	if err != nil {
		return err
	}
	defer source.close()
	for _, path := range slices.Sorted(maps.Keys(shapes)) {
		if r.Params.Packed(path) != nil || !slices.Equal(source.shapes[path], shapes[path]) {
			continue // Load reports the difference
		}
		if t := source.mapped(path); t != nil {
			if err := r.Params.Give(path, t); err != nil {
				return err
			}
			r.mapped[path] = true
		}
	}
	return nil
}

// Load reads the weights into the parameters that a graph has declared.
func (r *Reader) Load() error { return graph.CatchFaults(r.load) }

func (r *Reader) load() error {
	if r.apart == nil {
		if err := r.loadRest(r.Params.All()); err != nil || r.added == "" {
			return err
		}
		return adapter.Merge(r.added, r.model.LanguageModel, r.Params.All())
	}
	base, own := r.apart.Split(r.Params.All())
	if err := r.loadRest(maps.All(base)); err != nil {
		return err
	}
	sum := ""
	if knows, err := checkpoints.KnowsBase(r.added); err != nil {
		return err
	} else if knows {
		if sum, err = Sum(r.dir, r.model, r.Params, maps.All(base)); err != nil {
			return err
		}
	}
	return r.apart.Load(maps.All(own), sum)
}

// loadRest is LoadRest without the weights in mapped files.
func (r *Reader) loadRest(some checkpoints.Tensors) error {
	return load(r.dir, r.model.LanguageModel, some, func(path string) bool { return r.mapped[path] || r.Params.Packed(path) != nil })
}

// LoadRest is Load for some of the parameters of params, without those in few bits.
func LoadRest(dir string, m models.Model, params *graph.Params, some checkpoints.Tensors) error {
	return load(dir, m, some, func(path string) bool { return params.Packed(path) != nil })
}
