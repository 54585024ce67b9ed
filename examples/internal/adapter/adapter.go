package adapter

import (
	"maps"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"

	"github.com/gorgoformer/gorgoformer/checkpoints"
	"github.com/gorgoformer/gorgoformer/graph"
	"github.com/gorgoformer/gorgoformer/layers"
	"github.com/gorgoformer/gorgoformer/layers/models"
	"github.com/gorgoformer/gorgoformer/train/job"
)

// maxDepth bounds the adapters on adapters.
const maxDepth = 8

// Base returns the folder of the base model if dir holds an adapter, or an adapter of an adapter, and dir otherwise.
func Base(dir string) (string, error) {
	for range maxDepth {
		next, err := Below(dir)
		if err != nil || next == dir {
			return next, err
		}
		dir = next
	}
	return "", errors.Errorf("%s is an adapter on more than %d adapters: merge one of them", dir, maxDepth)
}

// Below returns the folder of the model that the adapter in dir adapts, and dir if it holds none. A relative path is searched in dir and
// then in the current folder.
func Below(dir string) (string, error) {
	if !checkpoints.IsAdapter(dir) {
		return dir, nil
	}
	var a models.Adapter
	if err := checkpoints.ReadAdapterConfig(dir, &a); err != nil {
		return "", err
	}
	for _, base := range []string{filepath.Join(dir, a.Base), a.Base} {
		if _, err := os.Stat(base); a.Base != "" && err == nil {
			return base, nil
		}
	}
	return "", errors.Errorf("the adapter in %s has the base model %q, which is no folder here: give the base with -model and the adapter with -adapter", dir, a.Base)
}

// CheckFolder returns an error if dir, the value of -adapter, is not the folder of an adapter. "" is none.
func CheckFolder(dir string) error {
	if dir != "" && !checkpoints.IsAdapter(dir) {
		return errors.Errorf("-adapter is %q, which has no adapter_config.json: want the folder of an adapter, as train -lora makes", dir)
	}
	return nil
}

// Find returns the folder with a file of the model in dir, such as tokenizer.json: dir or, if an adapter lacks the file, its base.
func Find(dir, file string) (string, error) {
	if _, err := os.Stat(filepath.Join(dir, file)); err == nil || !checkpoints.IsAdapter(dir) {
		return dir, nil
	}
	return Base(dir)
}

// Opened is an adapter in a folder, for a model.
type Opened struct {
	models.Adapter
	Layers []layers.Adapted
	Whole  map[string][]int // shapes of the weights that are trained whole

	dir   string
	model models.Model
}

// Open reads the configuration of the adapter in dir. It is an error if it does not fit its base m.
func Open(dir string, m models.Model) (*Opened, error) {
	o := &Opened{dir: dir, model: m}
	if err := checkpoints.ReadAdapterConfig(dir, &o.Adapter); err != nil {
		return nil, err
	}
	var err error
	if o.Layers, err = o.LoRA.Layers(models.Declaration(m)); err == nil {
		o.Whole, err = o.LoRA.Whole(models.Declaration(m))
	}
	return o, errors.WithMessagef(err, "adapter in %s", dir)
}

// Load reads the weights of the adapter. sum is checkpoints.Sum of the other weights of its base.
func (o *Opened) Load(own checkpoints.Tensors, sum string) error {
	return checkpoints.LoadAdapter(o.dir, own, checkpoints.Rules{Rename: func(name string) string { return o.Path(o.model, name) }}, sum)
}

// Split returns the weights of the base and the weights of the adapter.
func (o *Opened) Split(weights checkpoints.Tensors) (base, own map[string]*tensor.Dense) {
	base, own = map[string]*tensor.Dense{}, map[string]*tensor.Dense{}
	for path, w := range weights {
		if o.Owns(path) {
			own[path] = w
		} else {
			base[path] = w
		}
	}
	return base, own
}

// Merge adds the adapter in dir to the weights of its base m: all parameters of m, by path. Weights that are trained whole are replaced.
func Merge(dir string, m models.Model, weights checkpoints.Tensors) error {
	o, err := Open(dir, m)
	if err != nil {
		return err
	}
	base, saved := o.Split(weights)
	all := layers.NewWeights(o.Layers, o.Whole)
	if err := o.Load(maps.All(all), checkpoints.Sum(maps.All(base))); err != nil {
		return err
	}
	for path, w := range saved {
		if err := tensor.Copy(w, all[path]); err != nil {
			return errors.Wrap(err, path)
		}
	}
	maps.Insert(all, maps.All(base))
	return layers.Merge(maps.All(all), o.Layers)
}

// Adapt returns a view of params with the adapter, whose weights alone are trained. Without the flag it returns params.
func (f *Flag) Adapt(params *graph.Params, m models.Model) (*graph.Params, error) {
	if !f.Given() {
		return params, nil
	}
	view, err := f.LoRA.Adapt(params, models.Declaration(m))
	return view, errors.WithMessage(err, "-lora")
}

// Model returns the weights of params that the model without the adapter has, too.
func (f *Flag) Model(params *graph.Params) checkpoints.Tensors {
	return func(yield func(string, *tensor.Dense) bool) {
		for path, w := range params.All() {
			if !(f.Given() && f.Adds(path)) && !yield(path, w) {
				return
			}
		}
	}
}

// Base returns the weights of params that the adapter does not train.
func (f *Flag) Base(params *graph.Params) checkpoints.Tensors {
	return f.only(params, false, func(path string) string { return path })
}

// only returns the weights of params that are the adapter's, or the others, by new names.
func (f *Flag) only(params *graph.Params, own bool, rename func(path string) string) checkpoints.Tensors {
	return func(yield func(string, *tensor.Dense) bool) {
		for path, w := range params.All() {
			if (f.Given() && f.Owns(path)) == own && !yield(rename(path), w) {
				return
			}
		}
	}
}

// Setup makes the checkpoints and the model of a run an adapter of the model in the folder base. sum is checkpoints.Sum of its weights. Without
// the flag it does nothing.
func (f *Flag) Setup(s *job.Setup, params *graph.Params, m models.Model, base, sum string) error {
	if !f.Given() {
		return nil
	}
	base, err := filepath.Abs(base)
	if err != nil {
		return errors.WithStack(err)
	}
	a, err := models.NewAdapter(f.LoRA, m, base)
	if err != nil {
		return err
	}
	s.Weights = f.only(params, true, func(path string) string { return a.Published(m, path) })
	s.Adapter = &checkpoints.Adapter{Config: a, Base: sum}
	return nil
}
