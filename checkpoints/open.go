package checkpoints

import (
	"slices"

	"github.com/pkg/errors"
	"gorgonia.org/tensor"
)

// Weights are the open weights of a model folder, or of one safetensors file, by the parameters' paths. They are read part by part or mapped
// into memory. Several goroutines may call the methods.
type Weights struct {
	at    string
	files *weights
	names map[string]string // in the files, by path
}

// OpenWeights opens the weights of a model folder or one safetensors file. The rules give the paths and the tensors to leave out.
func OpenWeights(path string, rules Rules) (*Weights, error) {
	files, err := openWeights(path)
	if err != nil {
		return nil, errors.WithMessagef(err, "checkpoints: open %s", path)
	}
	w := &Weights{path, files, map[string]string{}}
	for _, name := range files.names {
		to, ignored := rules.apply(name)
		if _, twice := w.names[to]; !ignored && !twice { // LoadWeights is for errors
			w.names[to] = name
		}
	}
	return w, nil
}

// Close closes the files. Tensors that Mapped has returned stay valid.
func (w *Weights) Close() error {
	w.files.close()
	return nil
}

// Shapes returns the shapes of the parameters.
func (w *Weights) Shapes() map[string][]int {
	shapes := make(map[string][]int, len(w.names))
	for path, name := range w.names {
		shapes[path] = slices.Clone(w.files.of[name].header.infos[name].Shape)
	}
	return shapes
}

// ReadValues reads len(x) values of a parameter, row-major, from value first on. The file's type must be real.
func (w *Weights) ReadValues(path string, first int, x []float32) error {
	f, info, err := w.find(path)
	switch total := info.elementCount(); {
	case err != nil:
	case !info.Dtype.float():
		err = errors.Errorf("%s does not convert to float32", info.Dtype)
	case first < 0 || first > total-len(x):
		err = errors.Errorf("values %d to %d of %d", first, first+len(x), total)
	default:
		err = info.readFloats(f.file, x, first)
	}
	return errors.WithMessagef(err, "checkpoints: %s: %s", w.at, path)
}

func (w *Weights) find(path string) (*File, Info, error) {
	name, ok := w.names[path]
	if !ok {
		return nil, Info{}, errors.Errorf("not among the %d parameters", len(w.names))
	}
	f := w.files.of[name]
	return f, f.header.infos[name], nil
}

// elementCount returns the number of elements.
func (info Info) elementCount() int {
	n := 1
	for _, axis := range info.Shape {
		n *= axis
	}
	return n
}

// Mapped returns a parameter of float32 in the memory of its file, which the system reads when a value is used. It is nil if the file has
// another type, if the values are not aligned, or if the system does not map files. The tensor may be written: the file does not change.
//
// The tensor is valid after Close and is never released. The file must not be changed in place or made shorter while the tensor is in use:
// replace it by renaming another, as this package does. Values that have not been used yet are the changed ones. A value in a part that is
// cut off, or that the disk fails to give, is a fault (SIGBUS): see graph.CatchFaults.
func (w *Weights) Mapped(path string) *tensor.Dense {
	f, info, err := w.find(path)
	if err != nil || info.Dtype != F32 || len(info.Shape) == 0 {
		return nil
	}
	x, err := f.mapped.Float32s(info.offset, info.Bytes)
	if err != nil {
		return nil
	}
	return tensor.New(tensor.WithShape(info.Shape...), tensor.WithBacking(x))
}
